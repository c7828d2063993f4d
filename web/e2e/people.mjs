// Who works in a centre: the first administrator, and those whom he adds. All of it on the pages.

const OWN = "a long enough password";
const opened = new WeakSet();

/** Signs the first administrator in; the first time with the one-time password, which is changed then. */
export async function enter(at, program, lang = "kk") {
  await at.visit(`/sign-in?lang=${lang}`);
  if (opened.has(program)) {
    await at.signIn("admin", OWN);
    await at.page.waitForURL((url) => url.pathname === "/");
    return;
  }
  await at.signIn("admin", program.password());
  await at.page.locator("input[autocomplete=new-password]").waitFor();
  await at.changePassword(program.password(), OWN);
  await at.page.waitForURL((url) => url.pathname === "/");
  opened.add(program);
}

/** Adds somebody by the administrator's screen, and signs him in on his own with a password of his own. */
export async function join(admin, at, { name, title, role }, lang = "kk") {
  await admin.visit(`/admin?lang=${lang}`);
  await admin.addUser({ name, title, role });
  const once = await admin.page.locator("main form [role=status] code").first().innerText();
  await at.visit(`/sign-in?lang=${lang}`);
  await at.signIn(name, once);
  await at.page.locator("input[autocomplete=new-password]").waitFor();
  await at.changePassword(once, OWN);
  await at.page.waitForURL((url) => url.pathname === "/");
}
