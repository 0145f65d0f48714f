package company

import "strings"

// industry is a branch of the economy with the words that its companies put into their names, by tongue.
type industry struct {
	code   string
	weight int
	trade  [tongues][]string
}

const (
	german = iota
	romance
	slavic
	tongues
)

var industries = []industry{
	{"machinery", 14, [tongues][]string{{"Maschinenbau", "Antriebstechnik", "Anlagenbau"}, {"Mécanique", "Machines"}, {"Maszyny", "Technika"}}},
	{"metalworking", 12, [tongues][]string{{"Metallbau", "Präzisionsteile", "Gießerei"}, {"Métal", "Fonderie"}, {"Metal", "Odlewnia"}}},
	{"food_production", 11, [tongues][]string{{"Lebensmittel", "Großbäckerei", "Molkerei"}, {"Aliments", "Laiterie"}, {"Mleczarnia", "Piekarnia"}}},
	{"logistics", 11, [tongues][]string{{"Logistik", "Spedition", "Lagerhaus"}, {"Transports", "Entrepôts"}, {"Transport", "Logistyka"}}},
	{"printing", 7, [tongues][]string{{"Druck", "Etiketten", "Verpackung"}, {"Impression", "Emballages"}, {"Druk", "Opakowania"}}},
	{"healthcare", 8, [tongues][]string{{"Kliniken", "Labor", "Medizintechnik"}, {"Laboratoires", "Santé"}, {"Laboratoria", "Zdrowie"}}},
	{"hospitality", 8, [tongues][]string{{"Hotels", "Gastronomie", "Kantinen"}, {"Hôtels", "Restauration"}, {"Hotele", "Gastronomia"}}},
	{"retail", 9, [tongues][]string{{"Handel", "Märkte", "Kaufhaus"}, {"Commerce", "Marchés"}, {"Handel", "Markety"}}},
	{"construction", 7, [tongues][]string{{"Bau", "Hochbau", "Baustoffe"}, {"Bâtiment", "Travaux"}, {"Budowa", "Beton"}}},
	{"chemicals", 5, [tongues][]string{{"Chemie", "Lacke", "Kunststoffe"}, {"Chimie", "Plastiques"}, {"Chemia", "Lakiery"}}},
	{"public_services", 4, [tongues][]string{{"Stadtwerke", "Versorgung", "Entsorgung"}, {"Services", "Énergie"}, {"Energia", "Serwis"}}},
	{"professional_services", 4, [tongues][]string{{"Beratung", "Planung", "Gebäudedienste"}, {"Conseil", "Études"}, {"Doradztwo", "Projekty"}}},
}

// Roots and endings are joined to names that sound like places or families of the tongue.
var (
	roots = [tongues][]string{
		{"Ahlen", "Alber", "Birken", "Brenn", "Dorn", "Ebers", "Eich", "Falken", "Feld", "Grün", "Hagen", "Hasel", "Höll", "Kalten",
			"Kirch", "Krön", "Linden", "Lütt", "Moor", "Möll", "Nord", "Ober", "Ostern", "Quell", "Reich", "Rosen", "Rött", "Sand",
			"Schön", "Silber", "Stein", "Tann", "Ulmen", "Unter", "Wald", "Weiden", "Wester", "Wies", "Wolfs", "Zell"},
		{"Aubr", "Barbel", "Bonn", "Carr", "Cast", "Chant", "Clair", "Delm", "Ferr", "Font", "Gall", "Larr", "Lucc", "Marn",
			"Mont", "Morel", "Pell", "Rav", "Roch", "Sauv", "Serr", "Tour", "Vall", "Vill"},
		{"Bor", "Brzoz", "Czarn", "Dobr", "Gor", "Jawor", "Kamien", "Klon", "Kowal", "Lip", "Lubin", "Mal", "Nowak", "Ogrod",
			"Olsz", "Rad", "Sosn", "Star", "Tarn", "Wierzb", "Zaleg", "Zbor"},
	}
	endings = [tongues][]string{
		{"bach", "beck", "berg", "bronn", "brück", "burg", "dorf", "eck", "feld", "furt", "hagen", "haus", "heim", "hof", "horst",
			"kamp", "mann", "mark", "meier", "moos", "mühl", "rath", "ried", "stätter", "stedt", "stock", "tal", "wald", "weiler", "werk"},
		{"ac", "aine", "ard", "arelle", "aud", "elli", "eron", "esse", "et", "etti", "ier", "ieux", "ini", "oise", "on", "oni", "uzzi", "y"},
		{"ec", "ek", "ewo", "ex", "ica", "in", "ow", "owiec", "owo", "pol", "ski", "yn"},
	}
)

// tongue is the language of names in a place; western Switzerland speaks French.
func (p place) tongue() int {
	switch {
	case p.country.code == "FR", p.country.code == "IT", p.region.code == "CH-GE", p.region.code == "CH-VD":
		return romance
	case p.country.code == "PL":
		return slavic
	}
	return german
}

// drawStem makes the part of a company's name that its subsidiaries share.
func drawStem(d *draws, p place, in *industry) string {
	t := p.tongue()
	name := roots[t][d.below(len(roots[t]))] + endings[t][d.below(len(endings[t]))]
	if d.chance(0.18) { // two founders
		name += " & " + roots[t][d.below(len(roots[t]))] + endings[t][d.below(len(endings[t]))]
	}
	if d.chance(0.75) {
		words := in.trade[t]
		name += " " + words[d.below(len(words))]
	}
	return name
}

// drawName completes a stem with a legal form, or with the country's name for a subsidiary abroad.
func drawName(d *draws, stem string, p place, subsidiary bool) string {
	legal := p.country.legal[d.below(len(p.country.legal))]
	if subsidiary {
		return stem + " " + p.country.suffix
	}
	if strings.Contains(stem, " & ") && strings.Contains(legal, "&") {
		legal = p.country.legal[0]
	}
	return stem + " " + legal
}
