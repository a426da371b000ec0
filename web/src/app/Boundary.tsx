import { Component, type ReactNode } from "react";
import { Button } from "../parts/Button";
import { Note } from "../parts/Note";

interface State {
  error: unknown;
}

/** Keeps what goes wrong in one page from taking the others with it. */
export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="page">
        <Note tone="bad" title="This page has a fault">
          {this.state.error instanceof Error ? this.state.error.message : String(this.state.error)}
        </Note>
        <div>
          <Button onClick={() => window.location.reload()}>Load it again</Button>
        </div>
      </div>
    );
  }
}
