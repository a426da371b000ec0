/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` asks this gateway: its listen.http.
const gateway = process.env.SLUICE_URL ?? "http://127.0.0.1:8432";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // A data: URL would need its own word in the content security policy.
    assetsInlineLimit: 0,
    // A few percent smaller than what esbuild makes.
    minify: "terser",
    terserOptions: { module: true, ecma: 2020, compress: { passes: 3 }, format: { comments: false } },
    // Files of a few hundred bytes compress badly: they go along with those that need them.
    rollupOptions: { output: { experimentalMinChunkSize: 12_000 } },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  server: {
    proxy: {
      "/api": { target: gateway, changeOrigin: false },
      "/tlog": { target: gateway, changeOrigin: false },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
