import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { setCsrfToken, whenSessionIsInDoubt, whenSessionIsLost } from "../api/client";
import { Problem } from "../api/problem";
import { sessionKey } from "../api/session";
import { Toasts } from "../parts/Toasts";
import { Gate } from "./Gate";

/** What is wrong with the question stays wrong; what is wrong with the way there may pass. */
function mayPass(failures: number, error: unknown): boolean {
  const asked = error instanceof Problem && error.status >= 400 && error.status < 500;
  return !asked && failures < 2;
}

function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { retry: mayPass, staleTime: 5_000, refetchOnWindowFocus: true } },
  });
}

export function App() {
  const [client] = useState(makeClient);
  useEffect(() => {
    whenSessionIsLost(() => {
      setCsrfToken("");
      client.setQueryData(sessionKey, null);
    });
    whenSessionIsInDoubt(() => void client.invalidateQueries({ queryKey: sessionKey }));
  }, [client]);
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <Toasts>
          <Gate />
        </Toasts>
      </QueryClientProvider>
    </CSPProvider>
  );
}
