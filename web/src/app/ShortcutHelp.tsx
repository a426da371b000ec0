import { Modal } from "../parts/Dialogs";
import type { Place } from "./navigation";

interface Props {
  open: boolean;
  onClose: () => void;
  places: readonly Place[];
}

export function ShortcutHelp({ open, onClose, places }: Props) {
  return (
    <Modal open={open} onClose={onClose} title="Keyboard shortcuts">
      <table className="table">
        <tbody>
          {places
            .filter((place) => place.key !== undefined)
            .map((place) => (
              <tr key={place.path}>
                <td>{place.name}</td>
                <td className="right">
                  <kbd>g</kbd> <kbd>{place.key}</kbd>
                </td>
              </tr>
            ))}
          <tr>
            <td>Search on this page</td>
            <td className="right">
              <kbd>/</kbd>
            </td>
          </tr>
          <tr>
            <td>Run the statement or its selection</td>
            <td className="right">
              <kbd>Ctrl</kbd> <kbd>Enter</kbd>
            </td>
          </tr>
          <tr>
            <td>Close what is open</td>
            <td className="right">
              <kbd>Esc</kbd>
            </td>
          </tr>
        </tbody>
      </table>
    </Modal>
  );
}
