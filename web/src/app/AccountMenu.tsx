import { Menu } from "@base-ui/react/menu";
import { Keyboard, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { useLogout } from "../api/session";
import { useTell } from "../parts/Toasts";
import { setAppearance, useAppearance, type Appearance } from "./appearance";
import { useMe } from "./me";

const LOOKS: readonly { value: Appearance; label: string; icon: typeof Sun }[] = [
  { value: "system", label: "Follow the system", icon: Monitor },
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
];

/** Who is logged in, how the console looks, and the way out. */
export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const me = useMe();
  const logout = useLogout();
  const tell = useTell();
  const { chosen } = useAppearance();
  return (
    <Menu.Root>
      <Menu.Trigger className="who">
        <span className="avatar" aria-hidden>
          {me.user.slice(0, 2)}
        </span>
        <span className="grow">
          <span className="who-name" style={{ display: "block" }}>
            {me.user}
          </span>
          <span className="who-roles">{me.roles.filter((role) => role !== "member").join(", ") || me.kind}</span>
        </span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" side="top" align="start" sideOffset={6}>
          <Menu.Popup className="menu">
            <Menu.RadioGroup value={chosen} onValueChange={(value: Appearance) => setAppearance(value)}>
              {LOOKS.map((look) => (
                <Menu.RadioItem key={look.value} value={look.value} className="menu-item">
                  <look.icon aria-hidden />
                  <span className="grow">{look.label}</span>
                  <Menu.RadioItemIndicator>✓</Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <Menu.Item className="menu-item" onClick={onHelp}>
              <Keyboard aria-hidden />
              <span className="grow">Keyboard shortcuts</span>
              <kbd>?</kbd>
            </Menu.Item>
            <Menu.Item className="menu-item" onClick={() => void logout().catch(tell.failed)}>
              <LogOut aria-hidden />
              Log out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
