// The ledger on paper: the browser's own printing.

const button = document.getElementById("print");
button.addEventListener("click", () => window.print());
button.focus();
