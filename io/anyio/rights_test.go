package anyio

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What is written has the rights that the umask leaves: neither closed to the group that should read it, nor open to
// others against the will of who runs the job.
func TestRightsFollowTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	dir, rec := t.TempDir(), record(t)
	file := filepath.Join(dir, "labels.parquet")
	f, err := Create(file, "", rec.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o640 {
		t.Errorf("the rights are %o, want 640", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("the folder holds %v", left)
	}
}
