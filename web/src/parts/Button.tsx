import type { ButtonHTMLAttributes, ReactNode } from "react";

type Look = "plain" | "primary" | "danger" | "ghost";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  /** Shows nothing but an icon; needs an aria-label. */
  icon?: boolean;
  children: ReactNode;
}

export function buttonClass(look: Look = "plain", small = false, icon = false): string {
  return ["button", look !== "plain" && `button-${look}`, small && "button-small", icon && "button-icon"]
    .filter(Boolean)
    .join(" ");
}

export function Button({ look = "plain", small = false, icon = false, type = "button", ...rest }: Props) {
  return <button type={type} className={buttonClass(look, small, icon)} {...rest} />;
}
