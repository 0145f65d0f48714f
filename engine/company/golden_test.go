package company

// golden are the first 16 digits of SHA-256 over the tables of TestSameSeedSameCompany.
const golden = `contacts 1d7cf556004fcf8d
customers e2d69a72965e7c8d
devices 50bd4849ad462681
orders c825622593e63f75
truth bfa62276eefde86e`
