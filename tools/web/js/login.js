// The form to log in. The address stays, so that one who logs in comes to the page he wanted.
import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { setCredentials, setUser } from "./session.js";
import { brand } from "./shell.js";

export function showLogin(app, { reason, enter }) {
  document.title = "Log in · Lepus";
  const trouble = h("p.notice.bad", { role: "alert", hidden: !reason }, reason);
  const name = h("input", { id: "login-name", name: "username", autocomplete: "username",
    required: true, autocapitalize: "off", spellcheck: "false" });
  const password = h("input", { id: "login-password", name: "password", type: "password",
    autocomplete: "current-password" });
  const button = h("button.primary", { type: "submit" }, "Log in");
  const tell = (text) => {
    trouble.textContent = text;
    trouble.hidden = !text;
  };
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    tell("");
    try {
      await logIn(name.value, password.value);
      enter();
    } catch (error) {
      tell(explain(error));
      password.value = "";
      password.focus();
    }
    button.disabled = false;
  };
  replace(app, h("main.login",
    h("form.card", { onsubmit: submit, "aria-labelledby": "login-title" },
      h("h1", { id: "login-title" }, brand()),
      trouble,
      h("label", { for: "login-name" }, "User"), name,
      h("label", { for: "login-password" }, "Password"), password,
      button)));
  name.focus();
}

async function logIn(name, password) {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  const user = await get("whoami", { credentials: btoa(String.fromCharCode(...bytes)) });
  setCredentials(name, password);
  setUser(user);
}

function explain(error) {
  if (error.status === 0) return "The broker does not answer. Is it running?";
  if (/localhost/.test(error.message)) {
    return "This user may log in only from the machine of the broker itself "
      + "(loopback_users in the configuration).";
  }
  if (error.isLogin) return "User or password is wrong.";
  if (/management user|monitor|not allowed/.test(error.message)) {
    return "This user may not use the page: it needs one of the tags management, policymaker, "
      + "monitoring or administrator.";
  }
  return error.message;
}
