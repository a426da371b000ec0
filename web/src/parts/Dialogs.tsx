import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./Button";

interface DrawerProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  actions?: ReactNode;
  side?: "left" | "right";
  children: ReactNode;
}

/** Comes in from the side, over the page. */
export function Drawer({ open, onClose, title, actions, side = "right", children }: DrawerProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <Dialog.Popup className={side === "left" ? "drawer drawer-left" : "drawer"}>
          <div className="drawer-head">
            <Dialog.Title>{title}</Dialog.Title>
            {actions}
            <Dialog.Close render={<Button look="ghost" icon aria-label="Close" children={<X aria-hidden />} />} />
          </div>
          <div className="drawer-body" tabIndex={0} role="region" aria-label="Details">
            {children}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface ModalProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  wide?: boolean;
  /** Buttons below; Close stands there already. */
  actions?: ReactNode;
  /** What its closing button says, where nothing else closes it: what it shows is not seen again. */
  held?: string;
  children: ReactNode;
}

export function Modal({ open, onClose, title, wide = false, actions, held, children }: ModalProps) {
  return (
    <Dialog.Root
      open={open}
      disablePointerDismissal={held !== undefined}
      onOpenChange={(next, { reason }) => {
        if (!next && (held === undefined || reason === "close-press")) onClose();
      }}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <Dialog.Popup className={wide ? "modal modal-wide" : "modal"}>
          <Dialog.Title>{title}</Dialog.Title>
          <div className="modal-body">{children}</div>
          <div className={held === undefined ? "modal-foot" : "modal-foot modal-foot-held"}>
            <Dialog.Close render={<Button>{held ?? (actions === undefined ? "Close" : "Cancel")}</Button>} />
            {actions}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
