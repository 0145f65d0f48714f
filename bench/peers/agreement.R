# The statistics of one data set in R. Called by agreement.py as
#
#   Rscript agreement.R DATA.csv GAPS SPLITS REPLICATES RUNS BOOT_RUNS SCHEMES K,K
#
# After the id, columns x1, x2, ... are the data and the others partitions: k2, k3, ... one per k in turn, and more by other
# names. Beside it lie DATA.SPACE.POWER.csv: Segovia's k, gap and se, for the rules of maxSE. The sets of the gap statistic
# are as many as GAPS, the splits of the prediction strength SPLITS, the resamples of clusterboot for each K and scheme
# REPLICATES, the random starts of each fit RUNS for reference sets, BOOT_RUNS for splits and resamples.
#
# It prints lines of JSON: statistic, of (a k, or the name of a partition), value, by, and se or count where it is random.
args <- commandArgs(trailingOnly = TRUE)
gaps <- as.integer(args[2]); splits <- as.integer(args[3]); replicates <- as.integer(args[4]); runs <- as.integer(args[5])
boot_runs <- as.integer(args[6]); schemes <- strsplit(args[7], ",")[[1]]; boot_ks <- as.integer(strsplit(args[8], ",")[[1]])
stem <- sub("\\.csv$", "", args[1])

table <- read.csv(args[1])
columns <- grep("^x[0-9]+$", names(table))
x <- as.matrix(table[, columns])
partitions <- as.list(table[, -c(1, columns)])
ks <- as.integer(sub("^k", "", grep("^k[0-9]+$", names(partitions), value = TRUE)))
k_max <- max(ks)

have <- function(package) {
  if (requireNamespace(package, quietly = TRUE)) return(TRUE)
  cat(sprintf('{"missing":"R package %s is not installed"}\n', package))
  FALSE
}

version_of <- function(package) sprintf("R %s %s", package, packageVersion(package))

number <- function(v) if (is.finite(v)) sprintf("%.17g", v) else "null"

say <- function(by, statistic, of, value, se = NA, count = 0) {
  text <- if (is.character(value)) sprintf('"%s"', value) else if (is.logical(value)) tolower(value) else number(value)
  cat(sprintf('{"by":"%s","statistic":"%s","of":"%s","value":%s,"se":%s,"count":%d}\n', by, statistic, of, text, number(se),
    as.integer(count)))
}

best <- list()
for (k in c(1, ks)) {
  set.seed(1)
  best[[k]] <- kmeans(x, k, iter.max = 100, nstart = 1000)
  say(version_of("stats"), "inertia", k, best[[k]]$tot.withinss)
}

if (have("cluster")) {
  by <- version_of("cluster")
  for (name in names(partitions)) {
    say(by, "silhouette", name, mean(cluster::silhouette(partitions[[name]], dist(x))[, "sil_width"]))
  }
  given <- function(points, k) list(cluster = partitions[[paste0("k", k)]])
  for (power in 2:1) { # the dispersions of the given partitions; what it says of its one reference is not read
    log_w <- cluster::clusGap(x, given, K.max = k_max, B = 1, d.power = power, verbose = FALSE)$Tab[, "logW"]
    for (k in seq_len(k_max)) say(by, paste0("log_w power ", power), k, log_w[k])
  }
  # RUNS starts are enough on references, whose fits are all much alike, and do not always find the best fit of the data.
  fitted <- function(points, k) if (identical(points, x)) best[[k]] else kmeans(points, k, iter.max = 100, nstart = runs)
  for (space in c("pca", "original")) for (power in 2:1) {
    what <- sprintf("%s power %d", space, power)
    set.seed(1)
    gap <- cluster::clusGap(x, fitted, K.max = k_max, B = gaps, d.power = power, verbose = FALSE,
      spaceH0 = c(pca = "scaledPCA", original = "original")[[space]])$Tab
    for (k in seq_len(k_max)) say(by, paste("gap", what), k, gap[k, "gap"], gap[k, "SE.sim"], gaps)
    file <- sprintf("%s.%s.%d.csv", stem, space, power)
    if (file.exists(file)) {
      ours <- read.csv(file)
      for (rule in c("firstSEmax", "Tibs2001SEmax", "globalSEmax", "firstmax", "globalmax")) {
        say(by, paste("choice", what, rule), "", cluster::maxSE(ours$gap, ours$se, method = rule))
      }
    }
  }
}

if (have("fpc")) {
  by <- version_of("fpc")
  distances <- dist(x)
  for (name in names(partitions)) {
    say(by, "calinski_harabasz", name, fpc::calinhara(x, partitions[[name]]))
    say(by, "dunn", name, fpc::cluster.stats(distances, partitions[[name]], silhouette = FALSE)$dunn)
  }
  for (a in names(partitions)) for (b in names(partitions)) if (a < b) {
    both <- fpc::cluster.stats(distances, partitions[[a]], partitions[[b]], silhouette = FALSE, compareonly = TRUE)
    say(by, "ari", paste(a, b), both$corrected.rand)
    say(by, "variation_of_information", paste(a, b), both$vi)
  }
  test <- fpc::dudahart2(x, partitions$k2)
  say(by, "duda_hart dh", 2, test$dh)
  say(by, "duda_hart limit", 2, test$compare)
  say(by, "duda_hart one_segment", 2, test$cluster1)

  set.seed(1)
  strength <- fpc::prediction.strength(x, Gmin = 2, Gmax = k_max, M = splits, clustermethod = fpc::kmeansCBI, runs = boot_runs)
  for (k in ks) {
    values <- strength$predcorr[[k]]
    say(by, "prediction_strength", k, mean(values), sd(values) / sqrt(splits), splits)
  }

  for (k in boot_ks) for (scheme in schemes) { # segments are in the order of their sizes, largest first, as Segovia's
    set.seed(1)
    boot <- fpc::clusterboot(x, B = replicates, bootmethod = scheme, clustermethod = fpc::kmeansCBI, krange = k,
      runs = boot_runs, count = FALSE)
    values <- boot[[paste0(scheme, "result")]]
    sizes <- tabulate(boot$partition, k)
    order <- order(-sizes)
    say(by, sprintf("sizes %s", scheme), k, paste(sizes[order], collapse = " "))
    for (i in seq_len(k)) {
      of <- values[order[i], ]
      what <- sprintf("%s %d", scheme, i)
      say(by, paste("jaccard_mean", what), k, mean(of), sd(of) / sqrt(replicates), replicates)
      say(by, paste("dissolved", what), k, boot[[paste0(scheme, "brd")]][order[i]], NA, replicates)
      say(by, paste("recovered", what), k, boot[[paste0(scheme, "recover")]][order[i]], NA, replicates)
    }
  }
}

invisible(have("flexclust"))
