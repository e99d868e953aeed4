// The form to log in. The address stays, so that one who logs in comes to the page he wanted.
import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { ofPassword, ofToken, setCredentials, setUser } from "./session.js";
import { brand } from "./shell.js";

export function showLogin(app, { reason, enter }) {
  document.title = "Log in · Lepus";
  const trouble = h("p.notice.bad", { role: "alert", hidden: !reason }, reason);
  const name = h("input", { id: "login-name", name: "username", autocomplete: "username",
    required: true, autocapitalize: "off", spellcheck: "false" });
  const password = h("input", { id: "login-password", name: "password", type: "password",
    autocomplete: "current-password" });
  const token = h("textarea", { id: "login-token", rows: 5, autocomplete: "off",
    spellcheck: "false", autocapitalize: "off" });
  const byPassword = h("div.way", h("label", { for: "login-name" }, "User"), name,
    h("label", { for: "login-password" }, "Password"), password);
  const byToken = h("div.way", { hidden: true },
    h("label", { for: "login-token" }, "Token (OAuth 2)"), token);
  const other = h("button.ghost.other", { type: "button", hidden: true,
    onclick: () => choose(byToken.hidden) });
  const button = h("button.primary", { type: "submit" }, "Log in");
  const choose = (isToken) => {
    byToken.hidden = !isToken;
    byPassword.hidden = isToken;
    name.required = !isToken;
    token.required = isToken;
    other.textContent = isToken ? "Log in with a password" : "Log in with a token";
    (isToken ? token : name).focus();
  };
  const tell = (text) => {
    trouble.textContent = text;
    trouble.hidden = !text;
  };
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    tell("");
    try {
      await logIn(byToken.hidden ? ofPassword(name.value, password.value)
        : ofToken(token.value.replace(/\s+/g, "")));
      enter();
    } catch (error) {
      tell(explain(error, !byToken.hidden));
      password.value = "";
      (byToken.hidden ? password : token).focus();
    }
    button.disabled = false;
  };
  replace(app, h("main.login",
    h("form.card", { onsubmit: submit, "aria-labelledby": "login-title" },
      h("h1", { id: "login-title" }, brand()),
      trouble, byPassword, byToken, button, other)));
  choose(false);
  offerTokens(other);
}

// Where a backend takes tokens. Without an answer the form stays as it is.
async function offerTokens(button) {
  try {
    const { takes_tokens: takes } = await get("auth", { credentials: "" });
    button.hidden = !takes;
  } catch {
    // Whoever logs in is told.
  }
}

async function logIn(credentials) {
  const user = await get("whoami", { credentials });
  setCredentials(credentials);
  setUser(user);
}

function explain(error, isToken) {
  if (error.status === 0) return "The broker does not answer. Is it running?";
  if (/localhost/.test(error.message)) {
    return "This user may log in only from the machine of the broker itself "
      + "(loopback_users in the configuration).";
  }
  if (error.isLogin && isToken) {
    return "The token is refused: it may have expired, or be signed by somebody else or meant for "
      + "another service. The broker's log says why.";
  }
  if (error.isLogin) return "User or password is wrong.";
  if (/management user|monitor|not allowed/.test(error.message)) {
    return "This user may not use the page: it needs one of the tags management, policymaker, "
      + "monitoring or administrator.";
  }
  return error.message;
}
