/** Starts the app in the page. */
import "./state/no_eval.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { watchPads } from "./gamepad/poller.ts";
import { startNavigation } from "./navigation/navigation.ts";

watchPads();
startNavigation();
render(<App />, document.getElementById("app")!);

if ("serviceWorker" in navigator && isSecureContext) {
  navigator.serviceWorker.register("/sw.js").catch((error) => {
    // A certificate that is not trusted yet: everything but installing works without.
    console.info("not installable yet:", error.message);
  });
}
