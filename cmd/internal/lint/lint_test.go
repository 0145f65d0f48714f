package lint

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"segovia/kernels/problem"
)

const root = "../../.."

// pkg is what `go list` says of one package.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list shows %d packages", len(all))
	}
	return all
}

// under reports whether path is the package or one below it.
func under(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

func TestImportLadder(t *testing.T) {
	may := func(from, to string) bool {
		switch {
		case under(to, "segovia/kernels/cuda/internal/emulator"):
			return from == "segovia/kernels/cuda/cudatest"
		case under(to, "segovia/kernels/cuda/cudatest"): // for tests, whose imports are not looked at
			return false
		case under(to, "segovia/cmd"):
			return under(from, "segovia/cmd")
		case under(from, "segovia/kernels"):
			return under(to, "segovia/kernels")
		case under(from, "segovia/engine"):
			return under(to, "segovia/engine") || under(to, "segovia/kernels")
		case under(from, "segovia/io"):
			return under(to, "segovia/io") || to == "segovia/kernels/tile" || to == "segovia/kernels/problem"
		}
		return under(from, "segovia/cmd") || under(from, "segovia/bench")
	}
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			if under(i, "segovia") && !may(p.ImportPath, i) {
				t.Errorf("%s may not import %s", p.ImportPath, i)
			}
		}
		if p.ImportPath == "segovia/engine/ports" && slices.ContainsFunc(p.Imports, func(i string) bool { return under(i, "segovia") }) {
			t.Errorf("%s is a leaf and imports %v", p.ImportPath, p.Imports)
		}
	}
}

// Each heavy library lives behind one folder, so that replacing it is a change in one place.
func TestHeavyLibrariesStayBehindOneFolder(t *testing.T) {
	for library, homes := range map[string][]string{
		"github.com/apache/arrow/go/v17":     {"segovia/io", "segovia/engine/features", "segovia/engine/quality", "segovia/cmd/segovia", "segovia/bench"},
		"gonum.org/v1/gonum/blas":            {"segovia/kernels/blas"},
		"gorgonia.org":                       {"segovia/kernels/gorgonia", "segovia/engine/classify"},
		"github.com/ebitengine/purego":       {"segovia/kernels/cuda"},
		"github.com/klauspost/cpuid":         {"segovia/kernels", "segovia/cmd/segovia"},
		"github.com/spf13/cobra":             {"segovia/cmd/segovia"},
		"github.com/expr-lang/expr":          {"segovia/engine/features"},
		"github.com/goccy/go-yaml":           {"segovia/cmd/segovia/internal/config"},
		"github.com/rogpeppe/go-internal":    {"segovia/cmd/segovia"},
		"github.com/schollz/progressbar":     {"segovia/cmd/segovia/internal/app"},
		"github.com/klauspost/compress/zstd": {"segovia/io"},
	} {
		for _, p := range packages(t) {
			for _, i := range p.Imports {
				if under(i, library) && !slices.ContainsFunc(homes, func(h string) bool { return under(p.ImportPath, h) }) {
					t.Errorf("%s imports %s, which belongs to %s", p.ImportPath, i, strings.Join(homes, ", "))
				}
			}
		}
	}
}

func TestTopLevel(t *testing.T) {
	allowed := []string{"cmd", "kernels", "engine", "io", "bench", "go.mod", "go.sum", "Makefile", "README.md", ".ci", ".git",
		".gitignore", "LICENSE", "CHANGELOG.md"}
	out, err := exec.Command("git", "-C", root, "ls-files").Output()
	if err != nil {
		t.Skip("not a git checkout: the top level cannot be told from what was built there")
	}
	for line := range strings.Lines(string(out)) {
		top, _, _ := strings.Cut(strings.TrimSpace(line), "/")
		if !slices.Contains(allowed, top) {
			t.Errorf("%s does not belong to the top level", top)
		}
	}
	files, _ := filepath.Glob(filepath.Join(root, "io", "*.go"))
	if len(files) > 0 {
		t.Errorf("no Go file lies directly in io/: %v", files)
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		said := false
		for _, f := range p.GoFiles {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			said = said || parsed.Doc != nil
		}
		if !said && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// Exported functions and types carry a comment that begins with their name.
func TestExportedNamesAreDocumented(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.GoFiles {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range parsed.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || exportedReceiver(d)) {
						t.Errorf("%s/%s: %s has no comment", p.ImportPath, f, d.Name.Name)
					}
				case *ast.GenDecl:
					for _, s := range d.Specs {
						if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
							t.Errorf("%s/%s: type %s has no comment", p.ImportPath, f, ts.Name.Name)
						}
					}
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}

var errorID = regexp.MustCompile(`"(SEG-[A-Z]+-[0-9]{3})"`)

func TestEveryErrorIDStandsInTheCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range problem.Catalogue {
		if seen[e.ID] {
			t.Errorf("%s stands in the catalogue twice", e.ID)
		}
		seen[e.ID] = true
		if e.Exit == 0 || e.Title == "" || e.Explanation == "" || e.Fix == "" {
			t.Errorf("%s is not fully explained", e.ID)
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range errorID.FindAllStringSubmatch(string(text), -1) {
			if !seen[m[1]] {
				t.Errorf("%s: %s is not in the catalogue", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The prescribed modules and the pins that keep them working.
func TestPinnedModules(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"github.com/apache/arrow/go/v17 v17.0.0", "github.com/apache/thrift v0.24.0",
		"gorgonia.org/gorgonia v0.9.18", "gorgonia.org/tensor v0.9.24", "go4.org/unsafe/assume-no-moving-gc v0.0.0-20231121144256-b99613f794b6",
		"gonum.org/v1/gonum v0.17.0", "github.com/klauspost/cpuid/v2 v2.4.2",
		"github.com/ebitengine/purego v0.11.3"} {
		if !strings.Contains(string(mod), want) {
			t.Errorf("go.mod lacks %s", want)
		}
	}
}
