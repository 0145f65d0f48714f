// Command segovia turns the raw history of a company's customers into segments that come with proof of their stability.
package main

import (
	"os"

	"segovia/cmd/segovia/internal/app"
)

func main() {
	os.Exit(app.Main(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
