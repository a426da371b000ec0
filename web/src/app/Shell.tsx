import { Menu as MenuIcon } from "lucide-react";
import { Suspense, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { Button } from "../parts/Button";
import { Drawer } from "../parts/Dialogs";
import { Loading } from "../parts/Empty";
import { AccountMenu } from "./AccountMenu";
import { Boundary } from "./Boundary";
import { Logo } from "./Logo";
import { useMe } from "./me";
import { placesFor } from "./navigation";
import { Navigation } from "./Navigation";
import { Pages } from "./Pages";
import { ShortcutHelp } from "./ShortcutHelp";
import { useShortcuts } from "./shortcuts";

/** What stands around every page. */
export function Shell() {
  const me = useMe();
  const [path, go] = useLocation();
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const places = placesFor(me.roles);
  useShortcuts({ places, go, help: () => setHelp(true) });
  useEffect(() => {
    // Whoever reads with a screen reader is to be told of the new page; at first the browser does that.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    window.scrollTo(0, 0);
  }, [path]);
  const brand = (
    <Link href="/" className="brand">
      <Logo />
      Sluice
    </Link>
  );
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        {brand}
        <Button look="ghost" icon aria-label="Open the menu" onClick={() => setMenu(true)}>
          <MenuIcon aria-hidden />
        </Button>
      </header>
      <aside className="side" aria-label="Navigation">
        {brand}
        <Navigation />
        <div className="side-foot">
          <AccountMenu onHelp={() => setHelp(true)} />
        </div>
      </aside>
      <main id="main" ref={main} tabIndex={-1} style={{ outline: "none" }}>
        <Boundary key={path}>
          <Suspense fallback={<Loading />}>
            <Pages />
          </Suspense>
        </Boundary>
      </main>
      <Drawer open={menu} onClose={() => setMenu(false)} title="Sluice" side="left">
        <div className="drawer-nav">
          <Navigation onGo={() => setMenu(false)} />
        </div>
        <AccountMenu onHelp={() => setHelp(true)} />
      </Drawer>
      <ShortcutHelp open={help} onClose={() => setHelp(false)} places={places} />
    </div>
  );
}
