import { useQuery } from "@tanstack/react-query";
import { call, get } from "./client";
import { postOnce } from "./once";
import type { IssuedToken, NewToken, NewUser, User } from "./types/user";

function path(name: string): string {
  return `/users/${encodeURIComponent(name)}`;
}

export function useUsers() {
  return useQuery({ queryKey: ["users"], queryFn: ({ signal }) => get<User[]>("/users", signal) });
}

export function addUser(user: NewUser): Promise<unknown> {
  return postOnce("/users", user);
}

export interface UserChange {
  groups?: string[];
  disabled?: boolean;
  attributes?: Record<string, string>;
}

export function changeUser(name: string, change: UserChange): Promise<unknown> {
  return call("PATCH", path(name), { body: change });
}

export function removeUser(name: string): Promise<unknown> {
  return call("DELETE", path(name));
}

export function issueToken(name: string, token: NewToken): Promise<IssuedToken> {
  return postOnce(`${path(name)}/tokens`, token);
}

export function revokeCredential(name: string, id: string): Promise<unknown> {
  return call("DELETE", `${path(name)}/credentials/${encodeURIComponent(id)}`);
}
