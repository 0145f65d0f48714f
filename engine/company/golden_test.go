package company

// golden are the first 16 digits of SHA-256 over the tables of TestSameSeedSameCompany.
const golden = `contacts 1d7cf556004fcf8d
customers e2d69a72965e7c8d
devices d88661e031a9a951
orders 8bd9ff54b0520075
truth 22e50557a60983fe`
