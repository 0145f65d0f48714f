# The tools of R on the same points. Called by run.py as
#
#   Rscript fits.R TOOL POINTS.npy ROWS COLUMNS KS PAIRS RESTARTS
#
# It prints one line of JSON: seconds, and how many fits or rows they are for; or what is missing.
args <- commandArgs(trailingOnly = TRUE)
tool <- args[1]; rows <- as.integer(args[3]); columns <- as.integer(args[4])
ks <- as.integer(strsplit(args[5], ",")[[1]]); pairs <- as.integer(args[6]); restarts <- as.integer(args[7])

need <- function(package) {
  if (!requireNamespace(package, quietly = TRUE)) {
    cat(sprintf('{"missing":"R package %s"}\n', package))
    quit(status = 0)
  }
}

file <- file(args[2], "rb")
invisible(readBin(file, "raw", 128)) # the header of the array
x <- matrix(readBin(file, "numeric", rows * columns, size = 4, endian = "little"), rows, columns, byrow = TRUE)
close(file)
set.seed(1)

report <- function(seconds, count, unit) cat(sprintf('{"seconds":%.6f,"count":%d,"unit":"%s"}\n', seconds, count, unit))
timed <- function(expression) as.numeric(system.time(expression)["elapsed"])

if (tool == "kmeans") { # stats: resamples of copied rows, random rows as starts
  fits <- 0
  seconds <- timed(for (p in seq_len(2 * pairs)) {
    drawn <- x[sample.int(rows, rows, replace = TRUE), ]
    for (k in ks) {
      fits <- fits + restarts
      suppressWarnings(kmeans(drawn, k, iter.max = 300, nstart = restarts, algorithm = "Lloyd"))
    }
  })
  report(seconds, fits, "fits")
} else if (tool == "flexclust") {
  need("flexclust")
  seconds <- timed(flexclust::bootFlexclust(x, k = ks, nboot = pairs, nrep = restarts, verbose = FALSE, multicore = FALSE))
  report(seconds, 2 * pairs * restarts * length(ks), "fits")
} else if (tool == "fpc") {
  need("fpc")
  seconds <- timed(for (k in ks) fpc::clusterboot(x, B = 2 * pairs, bootmethod = "boot", clustermethod = fpc::kmeansCBI,
    krange = k, runs = restarts, count = FALSE))
  report(seconds, 2 * pairs * restarts * length(ks), "fits")
} else if (tool == "silhouette") { # of one labeling; all distances are kept, so that only some rows fit
  need("cluster")
  labels <- suppressWarnings(kmeans(x, ks[1], iter.max = 300, algorithm = "Lloyd"))$cluster
  seconds <- timed(cluster::silhouette(labels, dist(x)))
  report(seconds, rows, "rows")
} else if (tool == "clusGap") {
  need("cluster")
  seconds <- timed(suppressWarnings(cluster::clusGap(x, kmeans, K.max = max(ks), B = pairs, iter.max = 300, verbose = FALSE)))
  report(seconds, pairs, "references")
}
