import { useRef } from "react";
import { useSession } from "../api/session";
import { Loading } from "../parts/Empty";
import { ProblemNote } from "../parts/Note";
import { LoginPage } from "../pages/login/LoginPage";
import { MeProvider } from "./me";
import { Shell } from "./Shell";

/** Lets in who is known; everybody else sees the login, at whatever address they came to. */
export function Gate() {
  const session = useSession();
  const wasIn = useRef(false);
  if (session.data) {
    wasIn.current = true;
    return (
      <MeProvider value={session.data}>
        <Shell key={session.data.user} />
      </MeProvider>
    );
  }
  if (session.data === null) return <LoginPage ended={wasIn.current} />;
  return <main className="page">{session.isError ? <ProblemNote error={session.error} /> : <Loading />}</main>;
}
