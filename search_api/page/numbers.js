// Numbers, money, sizes and times as the reader's language writes them.
import { language, say } from "/page/words.js";

export const LOCALE = language === "zh" ? "zh-CN" : (navigator.languages.find((name) => name.startsWith("en")) ?? "en");
const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function counted(number) {
  return number.toLocaleString(LOCALE);
}

// several(3, "{count} image", "{count} images")
export function several(number, one, many) {
  return say(number === 1 ? one : many, { count: counted(number) });
}

// 100% only where nothing is missing, 0% only where nothing is there.
export function percent(share) {
  const tenths = share > 0.5 ? Math.floor(share * 1000) : Math.ceil(share * 1000);
  return `${(tenths / 10).toLocaleString(LOCALE)}%`;
}

export function money(usd) {
  if (usd === 0) return "$0";
  if (usd < 0.0001) return "<$0.0001";
  const digits = usd >= 0.1 ? 2 : usd >= 0.01 ? 3 : 4;
  return `$${usd.toLocaleString(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
}

export function size(bytes) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const scaled = bytes / 1000 ** step;
  return `${scaled.toLocaleString(LOCALE, { maximumFractionDigits: scaled < 10 && step ? 1 : 0 })} ${UNITS[step]}`;
}

export function day(when) {
  return at(when).toLocaleDateString(LOCALE, { year: "numeric", month: "short", day: "numeric" });
}

export function moment(when) {
  return at(when).toLocaleString(LOCALE, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
}

export function seconds(ms) {
  return say("{seconds} s", { seconds: (ms / 1000).toLocaleString(LOCALE, { maximumFractionDigits: ms < 10_000 ? 1 : 0 }) });
}

// A day alone is a day of the reader's calendar, whatever the zone.
function at(when) {
  return when instanceof Date ? when : new Date(/^\d{4}-\d{2}-\d{2}$/.test(when) ? `${when}T00:00` : when);
}
