import { Search } from "lucide-react";

interface Props {
  label: string;
  value: string;
  placeholder?: string;
  onValue: (value: string) => void;
  onEnter?: () => void;
}

/** The search of a page: "/" leads there. */
export function SearchField({ label, value, placeholder, onValue, onEnter }: Props) {
  return (
    <div className="search" role="search">
      <Search aria-hidden />
      <input
        type="search"
        className="input"
        data-page-search
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={placeholder ?? label}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onEnter?.();
        }}
      />
      {value === "" && <kbd aria-hidden>/</kbd>}
    </div>
  );
}
