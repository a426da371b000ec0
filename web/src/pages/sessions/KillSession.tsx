import { useQueryClient } from "@tanstack/react-query";
import { killSession } from "../../api/sessions";
import { Confirm } from "../../parts/Confirm";
import { useTell } from "../../parts/Toasts";

interface Props {
  id: number;
  user: string;
  small?: boolean;
}

/** Ends a session, whatever it is doing. */
export function KillSession({ id, user, small = false }: Props) {
  const client = useQueryClient();
  const tell = useTell();
  return (
    <Confirm
      label={<>End{small ? <span className="hidden-visually"> session {id}</span> : " session"}</>}
      title={`End session ${id} of ${user}?`}
      verb="End it"
      danger
      small={small}
      onConfirm={async () => {
        await killSession(id);
        tell.done(`Session ${id} was ended`);
        await client.invalidateQueries({ queryKey: ["sessions"] });
      }}
    >
      What it is running is cancelled, an open transaction rolled back, and the client disconnected. It may connect
      again: to keep {user} out, disable the user.
    </Confirm>
  );
}
