/*
 * Makes the app installable and says so plainly when the house cannot be reached. It caches no app
 * code: everything comes from the house, so an updated house is never met by an old page.
 */
const OFFLINE = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Gamelan</title>
<style>
body{margin:0;min-height:100vh;display:grid;place-content:center;gap:1rem;text-align:center;
background:#0d0b0a;color:#f4ece2;font:1.1rem/1.5 system-ui,sans-serif;padding:2rem}
a{color:#1a1008;background:#e2a458;padding:.8em 1.6em;border-radius:.8em;text-decoration:none;
font-weight:600;justify-self:center}
</style>
<h1>The house is not answering</h1>
<p>Check that the Gamelan machine is on and that this device is in the same network.</p>
<a href="/">Try again</a></html>`;

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  const removeOldCaches = caches.keys()
    .then((names) => Promise.all(names.map((name) => caches.delete(name))));
  event.waitUntil(removeOldCaches.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate") return;
  const headers = { "content-type": "text/html; charset=utf-8" };
  event.respondWith(
    fetch(event.request).catch(() => new Response(OFFLINE, { status: 503, headers })),
  );
});
