package app

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// Whatever the command line, data alone goes to standard output: an error leaves it empty, help and version fill it.
func TestStandardOutputIsData(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		out  string
	}{
		{"nope", 64, ""}, {"run --nope", 64, ""}, {"help nope", 64, ""}, {"sweep nowhere.csv", 12, ""},
		{"--help", 0, "USAGE"}, {"help sweep", 0, "EXAMPLES"}, {"sweep -h", 0, "segovia sweep FILE"}, {"--version", 0, "segovia version "},
	} {
		var out, errs bytes.Buffer
		code := Run(context.Background(), strings.Fields(c.args), nil, strings.NewReader(""), &out, &errs)
		if code != c.code || (c.out == "") != (out.Len() == 0) || !strings.Contains(out.String(), c.out) || (code == 0) != (errs.Len() == 0) {
			t.Errorf("segovia %s: exit code %d, want %d; standard output %.300q, want %q; standard error %q", c.args, code, c.code,
				out.String(), c.out, errs.String())
		}
	}
}
