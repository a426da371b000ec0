import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent } from "react";
import { Problem } from "../../api/problem";
import { readIssuers, startOidc, useLogin } from "../../api/session";
import { Logo } from "../../app/Logo";
import { keepWanted } from "../../app/wanted";
import { Button } from "../../parts/Button";
import { TextField } from "../../parts/Field";
import { Note, ProblemNote } from "../../parts/Note";
import { Segments } from "../../parts/Segments";
import "./login.css";

type Way = "password" | "credential";

const WAYS: readonly { value: Way; label: string }[] = [
  { value: "password", label: "Password" },
  { value: "credential", label: "Credential" },
];

/** What the gateway says on the way back from an identity provider. */
function errorInAddress(): string {
  return new URLSearchParams(window.location.search).get("error") ?? "";
}

async function goTo(issuer: string) {
  const url = await startOidc(issuer);
  keepWanted(window.sessionStorage, window.location.pathname + window.location.search, Date.now());
  window.location.assign(url);
}

export function LoginPage({ ended }: { ended: boolean }) {
  const login = useLogin();
  const issuers = useQuery({ queryKey: ["issuers"], queryFn: readIssuers, retry: false });
  const [way, setWay] = useState<Way>("password");
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const [credential, setCredential] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [returned] = useState(errorInAddress);

  useEffect(() => {
    document.title = "Log in · Sluice";
  }, []);

  const tried = async (attempt: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await attempt();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const code = totp.trim();
    const given = way === "credential" ? { credential } : { user, password, ...(code === "" ? {} : { totp: code }) };
    void tried(async () => {
      await login(given);
      if (window.location.pathname === "/login") window.history.replaceState(null, "", "/");
    });
  };
  const wantsCode = error instanceof Problem && /one-time|totp|code|second factor/i.test(error.title + error.detail);

  return (
    <main className="login">
      <form className="login-card" onSubmit={submit}>
        <div className="login-head">
          <Logo />
          <h1>Log in to Sluice</h1>
        </div>
        {ended && error === null && <Note title="Your session has ended">Log in again to go on where you were.</Note>}
        {returned !== "" && error === null && (
          <Note tone="bad" title="The identity provider's login did not work">
            {returned}
          </Note>
        )}
        {error !== null && <ProblemNote error={error} />}
        {issuers.data !== undefined && issuers.data.length > 0 && (
          <div className="stack-small">
            {issuers.data.map((issuer) => (
              <Button key={issuer} look="primary" disabled={busy} onClick={() => void tried(() => goTo(issuer))}>
                Continue with {issuer}
              </Button>
            ))}
            <div className="login-or">or</div>
          </div>
        )}
        <Segments label="How to log in" value={way} options={WAYS} onValue={setWay} />
        {way === "password" ? (
          <>
            <TextField label="User" value={user} onValue={setUser} autoComplete="username" required autoFocus />
            <TextField
              label="Password"
              type="password"
              value={password}
              onValue={setPassword}
              autoComplete="current-password"
              required
            />
            <details className="login-more" open={wantsCode || undefined}>
              <summary>I have a one-time code</summary>
              <TextField
                label="One-time code"
                value={totp}
                onValue={setTotp}
                autoComplete="one-time-code"
                inputMode="numeric"
              />
            </details>
          </>
        ) : (
          <TextField
            label="Credential"
            type="password"
            value={credential}
            onValue={setCredential}
            autoComplete="off"
            hint="A token of yours, as `sluice login` or an administrator gave you"
            required
          />
        )}
        <Button
          look={issuers.data !== undefined && issuers.data.length > 0 ? "plain" : "primary"}
          type="submit"
          disabled={busy}
        >
          Log in
        </Button>
      </form>
    </main>
  );
}
