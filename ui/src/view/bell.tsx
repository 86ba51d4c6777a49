/** The bell of icons/tray.svg, in outline: an ornament. */
export function Bell() {
  return (
    <svg class="bell" viewBox="0 0 64 64" aria-hidden="true">
      <path d="M26 9h12M32 9v9M10 42a22 22 0 0 1 44 0zM7 52h50" />
      <path class="glint" d="M18 36a15 15 0 0 1 8-9" />
    </svg>
  );
}
