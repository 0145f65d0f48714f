package company

// golden are the first 16 digits of SHA-256 over the tables of TestSameSeedSameCompany.
const golden = `contacts a8c3b49dca8a3f4e
customers 7dcf68eea6e758f1
devices bd1c7f6765eca875
orders 9da93ed9a6da5901
truth d24e6e18f3de878a`
