import { Link, useLocation } from "wouter";
import { useWaiting } from "../api/approvals";
import { useMe } from "./me";
import { groupsFor, placeOf } from "./navigation";

/** The places that this person's roles allow. */
export function Navigation({ onGo }: { onGo?: () => void }) {
  const me = useMe();
  const [path] = useLocation();
  const here = placeOf(path);
  const waiting = useWaiting();
  return (
    <nav aria-label="Pages">
      {groupsFor(me.roles).map((group) => (
        <div key={group.name}>
          {group.name !== "" && <div className="side-title">{group.name}</div>}
          {group.places.map((place) => (
            <Link
              key={place.path}
              href={place.path}
              className="side-link"
              aria-current={here?.path === place.path ? "page" : undefined}
              onClick={() => onGo?.()}
            >
              <place.icon aria-hidden />
              {place.name}
              {place.path === "/approvals" && waiting !== "0" && (
                <span className="count" aria-label={`${waiting} waiting`}>
                  {waiting}
                </span>
              )}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  );
}
