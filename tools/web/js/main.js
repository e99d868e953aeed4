// The page's beginning: who is logged in, then the shell with the page of the address.
import { ApiError, get, watch } from "./api.js";
import { showLogin } from "./login.js";
import { credentials, forget, setUser } from "./session.js";
import { applyTheme, hideShell, showShell } from "./shell.js";

const app = document.getElementById("app");

async function enter() {
  try {
    setUser(await get("whoami"));
    showShell(app, logOut);
  } catch (error) {
    if (error instanceof ApiError && error.status === 0) waitForBroker();
    else askLogin(error.isLogin ? "" : error.message);
  }
}

function waitForBroker() {
  showLogin(app, { reason: "The broker does not answer. This page goes on when it does.", enter });
}

function askLogin(reason) {
  hideShell();
  showLogin(app, { reason, enter });
}

function logOut() {
  forget();
  askLogin("");
  history.replaceState(null, "", "#/overview");
}

watch("expired", () => {
  forget();
  askLogin("Your login is no longer good: the password may have changed, or the token has "
    + "expired. Please log in again.");
});
watch("back", () => {
  if (credentials() && document.querySelector(".login")) enter();
});

applyTheme();
if (credentials()) enter();
else askLogin("");
