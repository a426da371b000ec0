// The certified oidc-provider as the tests need it: accounts, keys and clients from files that the tests change.
// Usage: node provider.mjs FOLDER PORT; FOLDER has settings.json and accounts.json. Its packages are in the working folder.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const packages = createRequire(process.cwd() + "/");
const { Provider } = await import(pathToFileURL(packages.resolve("oidc-provider")));
const [folder, port] = process.argv.slice(2);
const settings = JSON.parse(readFileSync(`${folder}/settings.json`));
const accounts = () => JSON.parse(readFileSync(`${folder}/accounts.json`));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: settings.clients,
  jwks: { keys: settings.keys },
  cookies: { keys: ["only for tests"] },
  conformIdTokenClaims: false,
  scopes: ["openid", "profile", "email", "groups"],
  claims: {
    openid: ["sub", "acr", "amr"],
    profile: ["preferred_username"],
    email: ["email", "email_verified"],
    groups: ["groups"],
  },
  acrValues: ["urn:example:mfa"],
  features: { deviceFlow: { enabled: true }, backchannelLogout: { enabled: true } },
  // It sends nothing to loopback addresses otherwise, where the gateway under test is.
  fetch: (url, { dispatcher: _, ...options }) => fetch(url, options),
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...accounts()[id] }) }),
});
// The forms ask for no second factor: an account says itself how it has proved who it is.
const finished = provider.interactionFinished.bind(provider);
provider.interactionFinished = (request, response, result, options) => {
  const { acr, amr } = accounts()[result.login?.accountId] ?? {};
  if (acr) Object.assign(result.login, { acr, amr });
  return finished(request, response, result, options);
};
provider.on("server_error", (_, error) => console.error(error));
provider.on("backchannel.error", (_, error) => console.error(error));
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
