import { Toast } from "@base-ui/react/toast";
import { CircleAlert, CircleCheck } from "lucide-react";
import type { ReactNode } from "react";
import { asProblem } from "../api/problem";

function List() {
  const { toasts } = Toast.useToastManager();
  return (
    <Toast.Portal>
      <Toast.Viewport className="toasts">
        {toasts.map((toast) => (
          <Toast.Root key={toast.id} toast={toast} className="toast">
            {toast.type === "bad" ? <CircleAlert aria-hidden /> : <CircleCheck aria-hidden />}
            <div>
              <Toast.Title className="toast-title" />
              <Toast.Description className="soft" />
            </div>
          </Toast.Root>
        ))}
      </Toast.Viewport>
    </Toast.Portal>
  );
}

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={5000}>
      {children}
      <List />
    </Toast.Provider>
  );
}

/** Says that something was done, or why not, without being in the way. */
export function useTell() {
  const manager = Toast.useToastManager();
  return {
    done: (title: string, description = "") => manager.add({ title, description, type: "good" }),
    failed: (error: unknown) => {
      const problem = asProblem(error);
      manager.add({
        title: problem.title,
        description: problem.detail,
        type: "bad",
        priority: "high",
        timeout: 12_000,
      });
    },
  };
}
