import { useRef } from "react";
import { useSession } from "../api/session";
import { Loading } from "../parts/Empty";
import { ProblemNote } from "../parts/Note";
import { LoginPage } from "../pages/login/LoginPage";
import { MeProvider } from "./me";
import { Shell } from "./Shell";
import { takeWanted } from "./wanted";

/** From an identity provider people come back to "/", wherever they wanted to go. */
function goWhereWanted() {
  if (window.location.pathname !== "/") return;
  const place = takeWanted(window.sessionStorage, Date.now());
  if (place !== null) window.history.replaceState(null, "", place);
}

/** Lets in who is known; everybody else sees the login, at whatever address they came to. */
export function Gate() {
  const session = useSession();
  const wasIn = useRef(false);
  if (session.data) {
    if (!wasIn.current) goWhereWanted();
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
