import { useQueryClient } from "@tanstack/react-query";
import { Bookmark, Trash2 } from "lucide-react";
import { useState } from "react";
import { removeSearch, saveSearch, useSearches, type Filters } from "../../api/audit";
import { Await } from "../../parts/Await";
import { Button } from "../../parts/Button";
import { Modal } from "../../parts/Dialogs";
import { Empty } from "../../parts/Empty";
import { TextField } from "../../parts/Field";
import { useTell } from "../../parts/Toasts";

interface Props {
  filters: Filters;
  onUse: (query: string) => void;
}

/** Searches that were worth keeping, for everybody. */
export function SavedSearches({ filters, onUse }: Props) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const searches = useSearches();
  const client = useQueryClient();
  const tell = useTell();
  const attempt = async (deed: Promise<unknown>, said: string) => {
    try {
      await deed;
      tell.done(said);
      setName("");
    } catch (error) {
      tell.failed(error);
    }
    await client.invalidateQueries({ queryKey: ["searches"] });
  };
  const query = new URLSearchParams(filters).toString();
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Bookmark aria-hidden />
        Saved
      </Button>
      <Modal open={open} onClose={() => setOpen(false)} title="Saved searches">
        <Await query={searches}>
          {(list) =>
            list.length === 0 ? (
              <Empty title="None yet" icon={Bookmark}>
                Search and filter, then keep it here by a name.
              </Empty>
            ) : (
              <ul className="saved">
                {list.map((each) => (
                  <li key={each.name} className="row">
                    <button
                      type="button"
                      className="saved-use grow"
                      onClick={() => {
                        onUse(each.query);
                        setOpen(false);
                      }}
                    >
                      <strong>{each.name}</strong>
                      <span className="faint mono">{each.query}</span>
                    </button>
                    <Button
                      look="ghost"
                      small
                      icon
                      aria-label={`Remove ${each.name}`}
                      onClick={() => void attempt(removeSearch(each.name), "Removed")}
                    >
                      <Trash2 aria-hidden />
                    </Button>
                  </li>
                ))}
              </ul>
            )
          }
        </Await>
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            void attempt(saveSearch(name, query), "Saved");
          }}
        >
          <div className="grow">
            <TextField label="Save what is searched now as" value={name} onValue={setName} required />
          </div>
          <Button type="submit" look="primary" disabled={name.trim() === ""} style={{ alignSelf: "flex-end" }}>
            Save
          </Button>
        </form>
      </Modal>
    </>
  );
}
