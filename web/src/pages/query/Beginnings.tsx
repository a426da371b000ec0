import type { SchemaTable } from "../../api/types/database";
import { Button } from "../../parts/Button";
import { firstLook } from "./firstLook";

const MOST = 8;

/** Tables to begin with, for who does not know the database yet. */
export function Beginnings({ tables, onUse }: { tables: readonly SchemaTable[]; onUse: (sql: string) => void }) {
  if (tables.length === 0) return null;
  return (
    <div className="beginnings">
      <span>Begin with</span>
      {tables.slice(0, MOST).map(({ schema, name }) => (
        <Button key={`${schema}.${name}`} small onClick={() => onUse(firstLook(schema, name))}>
          {schema === "public" ? name : `${schema}.${name}`}
        </Button>
      ))}
    </div>
  );
}
