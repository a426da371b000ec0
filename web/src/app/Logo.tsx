export function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#0b6e78" />
      <path d="M8 7v18M24 7v18" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M8 13h16" stroke="#fff" strokeWidth="2.6" />
      <path
        d="M10.5 20c1.8-1.6 3.7-1.6 5.5 0s3.7 1.6 5.5 0"
        stroke="#8fe3ea"
        strokeWidth="2.4"
        fill="none"
        strokeLinecap="round"
      />
    </svg>
  );
}
