/** One file of the built web page, from what builds it to who serves it. */
export interface UiAsset {
  body: Uint8Array<ArrayBuffer>;
  /** Content-Type */
  type: string;
  /** The name changes with the content: may be cached for ever. Otherwise revalidated by `etag`. */
  immutable: boolean;
  /** Strong entity tag with its quotes (RFC 9110, 8.8.3). */
  etag: string;
}

/** The built web page. */
export interface UiAssets {
  /**
   * The asset for a URL path. Paths of the app's pages (`/`, `/games/x`, `/trust`: no dot in the
   * last segment) answer the page itself, which shows "not found" where it knows no such page.
   * Undefined for files that do not exist and for `/api`.
   */
  get(path: string): UiAsset | undefined;
}
