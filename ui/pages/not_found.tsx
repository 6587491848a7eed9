import { Gong } from "../components/icons.tsx";

export function NotFoundPage({ what }: { what?: string }) {
  return (
    <div class="filler" data-testid="not-found">
      <Gong class="gong gong-large gong-dim" />
      <h1>Nothing here</h1>
      <p>{what ?? "This house has no such page."}</p>
      <a class="button primary" href="/" data-autofocus>To the library</a>
    </div>
  );
}
