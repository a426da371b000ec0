import { Button } from "./Button";

/** Behind a list that goes on. */
export function More({ of, onMore }: { of: { hasNextPage: boolean; isFetching: boolean }; onMore: () => void }) {
  if (!of.hasNextPage) return null;
  return (
    <div className="more">
      <Button disabled={of.isFetching} onClick={onMore}>
        Show more
      </Button>
    </div>
  );
}
