import { useId, type ReactNode, type InputHTMLAttributes, type SelectHTMLAttributes } from "react";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** Kept for those who do not see the page: what stands around says it to the others. */
  quiet?: boolean;
  children: (id: string) => ReactNode;
}

/** A control with its label. */
export function Field({ label, hint, quiet = false, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id} className={quiet ? "hidden-visually" : undefined}>
        {label}
      </label>
      {children(id)}
      {hint !== undefined && <span className="field-hint">{hint}</span>}
    </div>
  );
}

interface TextProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value"> {
  label: string;
  hint?: ReactNode;
  quiet?: boolean;
  value: string;
  onValue: (value: string) => void;
}

export function TextField({ label, hint, quiet, value, onValue, ...rest }: TextProps) {
  return (
    <Field label={label} hint={hint} quiet={quiet ?? false}>
      {(id) => (
        <input id={id} className="input" value={value} onChange={(event) => onValue(event.target.value)} {...rest} />
      )}
    </Field>
  );
}

interface AreaProps {
  label: string;
  hint?: ReactNode;
  value: string;
  rows?: number;
  required?: boolean;
  placeholder?: string;
  onValue: (value: string) => void;
}

export function TextArea({ label, hint, value, onValue, ...rest }: AreaProps) {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <textarea id={id} className="input" value={value} onChange={(event) => onValue(event.target.value)} {...rest} />
      )}
    </Field>
  );
}

interface SelectProps extends Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange" | "value"> {
  label: string;
  hint?: ReactNode;
  quiet?: boolean;
  value: string;
  options: readonly (string | { value: string; label: string })[];
  onValue: (value: string) => void;
}

export function SelectField({ label, hint, quiet, value, options, onValue, ...rest }: SelectProps) {
  return (
    <Field label={label} hint={hint} quiet={quiet ?? false}>
      {(id) => (
        <select id={id} className="input" value={value} onChange={(event) => onValue(event.target.value)} {...rest}>
          {options.map((option) => {
            const each = typeof option === "string" ? { value: option, label: option } : option;
            return (
              <option key={each.value} value={each.value}>
                {each.label}
              </option>
            );
          })}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  label: ReactNode;
  checked: boolean;
  onValue: (checked: boolean) => void;
  disabled?: boolean;
}

export function Check({ label, checked, onValue, disabled = false }: CheckProps) {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onValue(event.target.checked)}
      />
      {label}
    </label>
  );
}
