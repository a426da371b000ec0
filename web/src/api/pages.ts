import { useInfiniteQuery } from "@tanstack/react-query";
import { getPage } from "./client";

/** A list by numbers, page by page: `data` has the rows of all pages that were read. */
export function usePages<T>(queryKey: readonly unknown[], path: string, refetchInterval: number) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ signal, pageParam }) => getPage<T>(pageParam, signal),
    initialPageParam: path,
    getNextPageParam: (last) => last.next,
    select: (data) => data.pages.flatMap((page) => page.rows),
    refetchInterval,
  });
}
