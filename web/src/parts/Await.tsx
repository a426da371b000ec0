import type { UseInfiniteQueryResult, UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Loading } from "./Empty";
import { ProblemNote } from "./Note";

interface Props<T> {
  query: UseQueryResult<T> | UseInfiniteQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** What is asked for once it is there; until then that it is under way, or why it is not coming. */
export function Await<T>({ query, children }: Props<T>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <ProblemNote error={query.error} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <ProblemNote error={query.error} />;
  return <Loading />;
}
