package company

import "fmt"

// country is where customers are, with what their names and addresses look like.
type country struct {
	code    string
	weight  int // per mille of the customers
	legal   []string
	suffix  string // what a parent's name gains when it founds a subsidiary here
	postal  func(n int) string
	regions []region
	letter  string // two random capitals follow the postcode (Netherlands)
}

// region has an ISO 3166-2 code, a weight by population, an invented purchasing power index (100 = average of all
// countries, in tenths) and the ranges in which its postcodes roughly lie.
type region struct {
	code, name string
	weight     int
	index      int64
	postcodes  [][2]int
}

func five(n int) string   { return fmt.Sprintf("%05d", n) }
func four(n int) string   { return fmt.Sprintf("%04d", n) }
func polish(n int) string { return fmt.Sprintf("%02d-%03d", n/1000, n%1000) }

var countries = []country{
	{"DE", 600, []string{"GmbH", "GmbH & Co. KG", "AG", "KG", "e.K."}, "Deutschland GmbH", five, []region{
		{"DE-BW", "Baden-Württemberg", 111, 1178, [][2]int{{68001, 79879}, {88001, 89619}}},
		{"DE-BY", "Bayern", 131, 1214, [][2]int{{80001, 87789}, {90001, 97896}}},
		{"DE-BE", "Berlin", 37, 1032, [][2]int{{10115, 14199}}},
		{"DE-BB", "Brandenburg", 25, 1016, [][2]int{{14401, 16949}, {3001, 3253}}},
		{"DE-HB", "Bremen", 7, 987, [][2]int{{28001, 28779}}},
		{"DE-HH", "Hamburg", 19, 1225, [][2]int{{20001, 22769}}},
		{"DE-HE", "Hessen", 63, 1163, [][2]int{{34001, 36399}, {60001, 65936}}},
		{"DE-MV", "Mecklenburg-Vorpommern", 16, 938, [][2]int{{17001, 19417}}},
		{"DE-NI", "Niedersachsen", 80, 1088, [][2]int{{26001, 27809}, {29201, 31868}, {37001, 38729}}},
		{"DE-NW", "Nordrhein-Westfalen", 179, 1097, [][2]int{{32001, 33829}, {40001, 53947}, {57001, 59969}}},
		{"DE-RP", "Rheinland-Pfalz", 41, 1112, [][2]int{{54200, 56869}, {67001, 67829}}},
		{"DE-SL", "Saarland", 10, 1041, [][2]int{{66001, 66839}}},
		{"DE-SN", "Sachsen", 40, 959, [][2]int{{1001, 2999}, {4001, 4889}, {8001, 9669}}},
		{"DE-ST", "Sachsen-Anhalt", 22, 941, [][2]int{{6001, 6929}, {39001, 39649}}},
		{"DE-SH", "Schleswig-Holstein", 29, 1101, [][2]int{{23501, 25999}}},
		{"DE-TH", "Thüringen", 21, 948, [][2]int{{7301, 7989}, {98501, 99998}}},
	}, ""},
	{"AT", 100, []string{"GmbH", "AG", "KG", "OG"}, "Österreich GmbH", four, []region{
		{"AT-1", "Burgenland", 3, 1069, [][2]int{{7000, 7573}}},
		{"AT-2", "Kärnten", 6, 1058, [][2]int{{9010, 9873}}},
		{"AT-3", "Niederösterreich", 19, 1121, [][2]int{{2000, 3973}}},
		{"AT-4", "Oberösterreich", 17, 1116, [][2]int{{4010, 4985}}},
		{"AT-5", "Salzburg", 6, 1139, [][2]int{{5010, 5771}}},
		{"AT-6", "Steiermark", 14, 1074, [][2]int{{8010, 8993}}},
		{"AT-7", "Tirol", 8, 1083, [][2]int{{6010, 6691}}},
		{"AT-8", "Vorarlberg", 4, 1136, [][2]int{{6700, 6993}}},
		{"AT-9", "Wien", 22, 1067, [][2]int{{1010, 1239}}},
	}, ""},
	{"CH", 80, []string{"AG", "GmbH", "SA", "Sàrl"}, "Schweiz AG", four, []region{
		{"CH-AG", "Aargau", 7, 1826, [][2]int{{5000, 5746}}},
		{"CH-BE", "Bern", 10, 1741, [][2]int{{3000, 3999}}},
		{"CH-BS", "Basel-Stadt", 3, 1863, [][2]int{{4001, 4059}}},
		{"CH-GE", "Genève", 5, 1879, [][2]int{{1200, 1258}}},
		{"CH-LU", "Luzern", 4, 1782, [][2]int{{6003, 6295}}},
		{"CH-SG", "St. Gallen", 5, 1752, [][2]int{{9000, 9656}}},
		{"CH-VD", "Vaud", 8, 1794, [][2]int{{1000, 1197}}},
		{"CH-ZH", "Zürich", 15, 2013, [][2]int{{8001, 8942}}},
	}, ""},
	{"FR", 80, []string{"SAS", "SARL", "SA"}, "France SAS", five, []region{
		{"FR-ARA", "Auvergne-Rhône-Alpes", 12, 971, [][2]int{{1000, 1999}, {38000, 38999}, {69001, 69999}}},
		{"FR-BRE", "Bretagne", 5, 948, [][2]int{{22000, 22999}, {29000, 29999}, {35000, 35999}}},
		{"FR-GES", "Grand Est", 8, 934, [][2]int{{51000, 51999}, {57000, 57999}, {67000, 68999}}},
		{"FR-HDF", "Hauts-de-France", 9, 871, [][2]int{{59000, 60999}, {62000, 62999}}},
		{"FR-IDF", "Île-de-France", 18, 1127, [][2]int{{75001, 75020}, {77000, 78999}, {91000, 95999}}},
		{"FR-NAQ", "Nouvelle-Aquitaine", 9, 942, [][2]int{{33000, 33999}, {64000, 64999}, {86000, 87999}}},
		{"FR-OCC", "Occitanie", 9, 926, [][2]int{{30000, 31999}, {34000, 34999}}},
		{"FR-PAC", "Provence-Alpes-Côte d'Azur", 8, 978, [][2]int{{6000, 6999}, {13001, 13999}, {83000, 84999}}},
	}, ""},
	{"PL", 70, []string{"Sp. z o.o.", "S.A.", "Sp. k."}, "Polska Sp. z o.o.", polish, []region{
		{"PL-02", "Dolnośląskie", 8, 614, [][2]int{{50001, 59999}}},
		{"PL-10", "Łódzkie", 7, 571, [][2]int{{90001, 99999}}},
		{"PL-12", "Małopolskie", 9, 583, [][2]int{{30001, 34999}}},
		{"PL-14", "Mazowieckie", 15, 702, [][2]int{{1, 9999}}},
		{"PL-22", "Pomorskie", 6, 589, [][2]int{{76000, 84999}}},
		{"PL-24", "Śląskie", 12, 607, [][2]int{{40001, 44999}}},
		{"PL-30", "Wielkopolskie", 9, 576, [][2]int{{60001, 64999}}},
	}, ""},
	{"NL", 40, []string{"B.V.", "N.V.", "V.O.F."}, "Nederland B.V.", four, []region{
		{"NL-GE", "Gelderland", 12, 1093, [][2]int{{6500, 7399}}},
		{"NL-NB", "Noord-Brabant", 15, 1108, [][2]int{{4600, 5799}}},
		{"NL-NH", "Noord-Holland", 17, 1149, [][2]int{{1000, 2099}}},
		{"NL-ZH", "Zuid-Holland", 21, 1102, [][2]int{{2200, 3399}}},
	}, "x"},
	{"IT", 30, []string{"S.r.l.", "S.p.A.", "S.n.c."}, "Italia S.r.l.", five, []region{
		{"IT-21", "Piemonte", 7, 913, [][2]int{{10121, 15122}}},
		{"IT-25", "Lombardia", 17, 989, [][2]int{{20121, 27100}}},
		{"IT-32", "Trentino-Alto Adige", 2, 1007, [][2]int{{38121, 39100}}},
		{"IT-34", "Veneto", 8, 924, [][2]int{{30121, 37142}}},
		{"IT-45", "Emilia-Romagna", 8, 961, [][2]int{{40121, 48126}}},
	}, ""},
}

// place is where one customer is.
type place struct {
	country  *country
	region   *region
	postcode string
}

// drawPlace chooses a place in the country with that index; -1 leaves the country to chance, by weight.
func drawPlace(d *draws, among int) place {
	if among < 0 {
		weights := make([]int, len(countries))
		for i := range countries {
			weights[i] = countries[i].weight
		}
		among = d.pick(weights)
	}
	c := &countries[among]
	weights := make([]int, len(c.regions))
	for i := range c.regions {
		weights[i] = c.regions[i].weight
	}
	r := &c.regions[d.pick(weights)]
	span := r.postcodes[d.below(len(r.postcodes))]
	code := c.postal(d.between(span[0], span[1]))
	if c.letter != "" {
		code += " " + string([]byte{byte('A' + d.below(26)), byte('A' + d.below(26))})
	}
	return place{c, r, code}
}
