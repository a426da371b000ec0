import { useQuery } from "@tanstack/react-query";
import { checkDatabase } from "../../api/databases";
import { asProblem } from "../../api/problem";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";

/** Logs in as the gateway would, and says what came of it. */
export function CheckDatabase({ name }: { name: string }) {
  const check = useQuery({
    queryKey: ["check", name],
    queryFn: () => checkDatabase(name),
    retry: false,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
  });
  return (
    <span className="row" aria-live="polite">
      {check.isFetching ? (
        <Badge>asking…</Badge>
      ) : check.isError ? (
        <>
          <Badge tone="bad" dot>
            no
          </Badge>
          <span className="soft">{asProblem(check.error).title}</span>
        </>
      ) : (
        <>
          <Badge tone="good" dot>
            yes
          </Badge>
          <span className="soft">{check.data?.server}</span>
        </>
      )}
      <Button small disabled={check.isFetching} onClick={() => void check.refetch()}>
        Check<span className="hidden-visually"> {name}</span>
      </Button>
    </span>
  );
}
