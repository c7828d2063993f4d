// Signing in with the one-time password, adding people and tokens, and what the audit says of it.

import assert from "node:assert/strict";
import { test } from "./define.mjs";

const OWN = "a long enough password";

test("the first administrator: one-time password, a person, a token, the audit", async ({ page, program, base }) => {
  const at = await page();
  const once = program.password();
  assert.ok(once, "the program printed no one-time password");
  await at.visit("/sign-in?lang=en");
  await at.signIn("admin", "not the password");
  await at.page.getByText("The name or the password is wrong.").waitFor();
  await at.signIn("admin", once);
  await at.page.getByText("until you choose your own, it opens nothing").waitFor();
  await at.changePassword(once, OWN);
  await at.page.waitForURL((url) => url.pathname === "/");

  await at.visit("/admin?lang=en");
  const shown = await at.addUser({ name: "aigul", title: "Aigul Person", role: "analyst" });
  assert.match(shown, /One-time password of aigul/);
  const password = /shown once: (\S+)/.exec(shown)?.[1];
  await at.page.locator("main table th", { hasText: "Aigul Person" }).waitFor();
  // What the server refuses is said in its own words, and not as if it had failed.
  await at.addUser({ name: "aigul", title: "Again", role: "analyst" }, "alert").then((text) => assert.doesNotMatch(text, /could not answer/));

  const token = /shown once; copy it now: (\S+)/.exec(await at.addToken({ label: "a script", until: "2099-01-01" }))?.[1];
  assert.ok(token, "no token was shown");
  const asked = await fetch(`${base}/api/tokens`, { headers: { authorization: `Bearer ${token}` } });
  assert.ok([200, 403].includes(asked.status), `the token is answered ${asked.status}`);
  assert.equal((await fetch(`${base}/api/tokens`, { headers: { authorization: "Bearer wrong" } })).status, 401);
  await at.page.locator("main li", { hasText: "a script" }).getByRole("button").click();
  await at.page.locator("main li", { hasText: "a script" }).getByText("revoked").waitFor();
  assert.equal((await fetch(`${base}/api/tokens`, { headers: { authorization: `Bearer ${token}` } })).status, 401);

  await at.visit("/admin?lang=ru");
  const audit = await at.audit();
  for (const word of ["вход", "добавлен пользователь", "выдан токен", "токен отозван"]) assert.match(audit, new RegExp(word, "i"), `the audit does not say: ${word}`);

  // A page that was loaded again still may write, and signing out closes what it opened.
  await at.visit("/sign-in?lang=en");
  await at.page.getByRole("button", { name: "Sign out" }).click();
  await at.page.locator("input[autocomplete=username]").waitFor();
  await at.visit("/admin?lang=en");
  await at.page.getByText("You may not see this.").first().waitFor();

  await at.visit("/sign-in?lang=kk");
  await at.signIn("aigul", password);
  await at.page.getByText("Бұл бір реттік құпиясөз").waitFor();
  assert.deepEqual(at.trouble, []);
}, { alone: true });
