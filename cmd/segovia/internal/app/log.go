package app

import (
	"io"
	"log/slog"
	"time"
)

// newLogger returns the log on standard error. -q leaves errors, -v shows what is done, -vv everything.
func newLogger(w io.Writer, g globals) *slog.Logger {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[g.logLevel]
	switch {
	case g.quiet:
		level = slog.LevelError
	case g.verbose == 1:
		level = min(level, slog.LevelInfo)
	case g.verbose > 1:
		level = slog.LevelDebug
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			a.Value = slog.StringValue(a.Value.Time().UTC().Format(time.RFC3339))
		}
		return a
	}}
	if g.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
