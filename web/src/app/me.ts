import { createContext, useContext } from "react";
import type { Role, Session } from "../api/types/session";

const Me = createContext<Session | null>(null);

export const MeProvider = Me.Provider;

/** Who is logged in. */
export function useMe(): Session {
  const me = useContext(Me);
  if (me === null) throw new Error("only inside the gate");
  return me;
}

export function useHas(role: Role): boolean {
  return useMe().roles.includes(role);
}

/** Whether they may look into what everybody does. */
export function useWatches(): boolean {
  const { roles } = useMe();
  return roles.includes("admin") || roles.includes("auditor");
}
