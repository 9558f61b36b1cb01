"use strict";
/* How the page writes money and days, whatever the browser's own language does to them. The scripts after it use this. */
const words = (() => {
  const currency = document.documentElement.dataset.currency;
  const exact = new Intl.NumberFormat("en-US", { style: "currency", currency });
  const whole = new Intl.NumberFormat("en-US", { style: "currency", currency, maximumFractionDigits: 0 });
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  return {
    /* To the cent, for what was billed. */
    exact: (amount) => exact.format(amount),
    /* For what is forecast. */
    whole: (amount) => whole.format(amount),
    /* The name of a month, counted from 0. */
    monthName: (month) => MONTHS[month],
    /* "2026-09" or a day in it as "Sep 2026". */
    month: (iso) => `${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`,
    /* "2026-09-01" as "1 Sep 2026". */
    day: (iso) => `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`,
  };
})();
