package profile

// words builds Words without a label, from very high to very low.
func words(veryHigh, high, low, veryLow Text) Words {
	return Words{VeryHigh: veryHigh, High: high, Low: low, VeryLow: veryLow}
}

// slots of tokens that several concepts use.
const (
	orderTokens = "order|orders|bestellung|bestellungen|auftrag|auftraege|purchase|purchases|kauf|kaeufe|invoice|invoices|" +
		"rechnung|rechnungen|transaction|transactions|transaktionen"
	revenueTokens = "revenue|umsatz|umsaetze|jahresumsatz|nettoumsatz|bruttoumsatz|gesamtumsatz|monetary|monetaer|sales|" +
		"spend|spending|spent|erloes|erloese"
	contactTokens = "contact|contacts|kontakt|kontakte|touches|touchpoints|kundenkontakte|kontaktzahl|kontaktanzahl"
	averageTokens = "average|avg|mean|durchschnitt|durchschnittlich|durchschnittlicher|mittlerer|mittel|mittelwert"
	notOurs       = "firmographic|demographic|geographic|psychographic"
)

// concepts is what this package can recognise, the more specific before the more general.
var concepts = []concept{
	{
		id: "own_brand", family: "brand", core: true, measure: aShare, optional: shareTokens + "|" + revenueTokens + "|of",
		forms: [][]string{{"own|house|private|eigen", "brand|brands|label|marke|marken"}, {"eigenmarke*"}},
		label: tx("Eigenmarkenanteil", "own-brand share"),
		words: words(tx("sehr viel Eigenmarke", "very much own brand"), tx("mehr Eigenmarke", "more own brand"),
			tx("weniger Eigenmarke", "less own brand"), tx("deutlich weniger Eigenmarke", "much less own brand")),
		poles: &poles{tx("Eigenmarke", "own brand"), tx("Fremdmarken", "third-party brands"),
			tx("fast nur Eigenmarke", "almost only own brand"),
			tx("überwiegend Eigenmarke", "mostly own brand"),
			tx("überwiegend Fremdmarken", "mostly third-party brands"),
			tx("fast nur Fremdmarken", "almost only third-party brands")},
	},
	{
		id: "third_party", family: "brand", core: true, measure: aShare, optional: shareTokens + "|" + revenueTokens + "|of",
		forms: [][]string{{"third", "party"}, {"third", "brand|brands"}, {"thirdparty"}, {"foreign|other", "brand|brands"},
			{"fremdmarke*"}, {"fremd", "marke|marken"}},
		label: tx("Fremdmarkenanteil", "third-party share"),
		words: words(tx("sehr viele Fremdmarken", "very many third-party brands"),
			tx("mehr Fremdmarken", "more third-party brands"), tx("weniger Fremdmarken", "fewer third-party brands"),
			tx("deutlich weniger Fremdmarken", "far fewer third-party brands")),
		poles: &poles{tx("Fremdmarken", "third-party brands"), tx("Eigenmarke", "own brand"),
			tx("fast nur Fremdmarken", "almost only third-party brands"),
			tx("überwiegend Fremdmarken", "mostly third-party brands"),
			tx("überwiegend Eigenmarke", "mostly own brand"), tx("fast nur Eigenmarke", "almost only own brand")},
	},
	{
		id: "consumables_share", family: "consumables", core: true, measure: aShare,
		optional: shareTokens + "|" + revenueTokens + "|of",
		forms:    [][]string{{"consumable|consumables|verbrauchsmaterial*|supplies"}},
		label:    tx("Verbrauchsmaterialanteil", "consumables share"),
		words: words(tx("sehr viel Verbrauchsmaterial", "very many consumables"),
			tx("viel Verbrauchsmaterial", "many consumables"), tx("wenig Verbrauchsmaterial", "few consumables"),
			tx("sehr wenig Verbrauchsmaterial", "very few consumables")),
	},
	{
		id: "consumables", family: "consumables", core: true, measure: notAShare, optional: revenueTokens,
		forms: [][]string{{"consumable|consumables|verbrauchsmaterial*|supplies"}},
		label: tx("Verbrauchsmaterial", "consumables"),
		words: words(tx("sehr viel Verbrauchsmaterial", "very many consumables"),
			tx("viel Verbrauchsmaterial", "many consumables"), tx("wenig Verbrauchsmaterial", "few consumables"),
			tx("sehr wenig Verbrauchsmaterial", "very few consumables")),
	},
	{
		id: "returns", family: "returns", optional: shareTokens + "|" + revenueTokens + "|" + orderTokens + "|of",
		forms: [][]string{{"return|returns|returned|retoure|retouren|retourenquote|retourenanteil|ruecksendung*|" +
			"refund|refunds|cancellation|cancellations|storno|stornos|stornoquote"}},
		label: tx("Retouren", "returns"),
		words: words(tx("sehr viele Retouren", "very many returns"), tx("viele Retouren", "many returns"),
			tx("wenige Retouren", "few returns"), tx("sehr wenige Retouren", "very few returns")),
	},
	{
		id: "share_of_wallet", family: "wallet", measure: anything,
		forms: [][]string{{"share", "wallet"}, {"lieferanteil*"}}, optional: "of",
		label: tx("Lieferanteil", "share of wallet"),
		words: words(tx("sehr hoher Lieferanteil", "very high share of wallet"),
			tx("hoher Lieferanteil", "high share of wallet"), tx("niedriger Lieferanteil", "low share of wallet"),
			tx("sehr niedriger Lieferanteil", "very low share of wallet")),
	},
	{
		// Customers are held against the best served ones with the same usage of their devices.
		id: "potential_realised", family: "potential", core: true, measure: aShare, optional: shareTokens + "|of",
		forms: [][]string{{"potential|potenzial", "realised|realized|used|ausgeschoepft|genutzt"}},
		label: tx("ausgeschöpfter Anteil am Potenzial", "share of potential realised"),
		words: words(tx("Potenzial ausgeschöpft", "potential realised"), tx("Potenzial eher ausgeschöpft", "potential rather realised"),
			tx("offenes Potenzial", "open potential"), tx("viel offenes Potenzial", "much open potential")),
	},
	{
		id: "unrealised_potential", family: "potential", measure: anAmount,
		forms: [][]string{{"unrealised|unrealized|open|offenes|unausgeschoepftes", "potential|potenzial"}}, optional: revenueTokens,
		label: tx("unausgeschöpftes Potenzial", "unrealised potential"),
		words: words(tx("sehr viel offenes Potenzial", "very much unrealised potential"), tx("viel offenes Potenzial", "much unrealised potential"),
			tx("wenig offenes Potenzial", "little unrealised potential"), tx("sehr wenig offenes Potenzial", "very little unrealised potential")),
	},
	{
		id: "lifetime_value", family: "lifetime", measure: anAmount,
		forms: [][]string{{"lifetime", "value"}, {"clv|kundenwert"}}, optional: "customer|kunden",
		label: tx("Kundenwert", "lifetime value"),
		words: words(tx("sehr hoher Kundenwert", "very high lifetime value"), tx("hoher Kundenwert", "high lifetime value"),
			tx("niedriger Kundenwert", "low lifetime value"), tx("sehr niedriger Kundenwert", "very low lifetime value")),
	},
	{
		id: "expected_orders", family: "orders", measure: aCount,
		forms: [][]string{{"expected|erwartete", orderTokens}},
		label: tx("erwartete Bestellungen", "expected orders"),
		words: words(tx("sehr viele erwartete Bestellungen", "very many expected orders"), tx("viele erwartete Bestellungen", "many expected orders"),
			tx("wenige erwartete Bestellungen", "few expected orders"), tx("sehr wenige erwartete Bestellungen", "very few expected orders")),
	},
	{
		id: "alive", family: "recency", forms: [][]string{{"probability|wahrscheinlichkeit", "alive|aktiv"}},
		label: tx("Wahrscheinlichkeit, noch Kunde zu sein", "probability to be still a customer"),
		words: words(tx("sicher noch Kunden", "surely still customers"), tx("eher noch Kunden", "rather still customers"),
			tx("abwanderungsgefährdet", "at risk of churn"), tx("stark abwanderungsgefährdet", "at great risk of churn")),
	},
	{
		id: "behaviour_score", family: "orders", forms: [][]string{{"behaviour|behavior|verhalten*", "score|note"}}, optional: "purchase|kauf",
		label: tx("Kaufverhalten", "purchase behaviour"),
		words: words(tx("sehr aktives Kaufverhalten", "very active buyers"), tx("aktives Kaufverhalten", "active buyers"),
			tx("wenig aktives Kaufverhalten", "less active buyers"), tx("kaum aktives Kaufverhalten", "hardly active buyers")),
	},
	{
		id: "wallet", family: "potential", measure: anAmount,
		forms: [][]string{{"wallet|wallets|potential|potenzial|bedarf"}}, optional: revenueTokens,
		label: tx("Potenzial", "potential"),
		words: words(tx("sehr hohes Potenzial", "very high potential"), tx("hohes Potenzial", "high potential"),
			tx("geringes Potenzial", "low potential"), tx("sehr geringes Potenzial", "very low potential")),
	},
	{
		id: "trend", family: "trend", optional: orderTokens + "|" + revenueTokens + "|" + shareTokens + "|of|amount",
		forms: [][]string{{"trend|trends|growth|wachstum|umsatztrend|bestelltrend|umsatzwachstum"}},
		label: tx("Trend", "trend"),
		words: words(tx("sehr günstiger Trend", "very favourable trend"), tx("günstiger Trend", "favourable trend"),
			tx("ungünstiger Trend", "unfavourable trend"), tx("sehr ungünstiger Trend", "very unfavourable trend")),
	},
	{
		id: "recency_score", family: "recency", forms: [][]string{{"r|recency|rezenz", "score|scores|rank|rfm"}, {"rscore"}},
		optional: "rfm|score", label: tx("Aktualitätspunkte", "recency score"),
		words: words(tx("erst ganz kürzlich bestellt", "ordered very recently"), tx("kürzlich bestellt", "ordered recently"),
			tx("länger nicht bestellt", "no order for some time"), tx("sehr lange nicht bestellt", "no order for very long")),
	},
	{
		id: "frequency_score", family: "orders", forms: [][]string{{"f|frequency|haeufigkeit", "score|scores|rank|rfm"}, {"fscore"}},
		optional: "rfm|score", label: tx("Häufigkeitspunkte", "frequency score"),
		words: words(tx("sehr häufige Bestellungen", "very frequent orders"), tx("häufige Bestellungen", "frequent orders"),
			tx("seltene Bestellungen", "rare orders"), tx("sehr seltene Bestellungen", "very rare orders")),
	},
	{
		id: "monetary_score", family: "revenue", forms: [][]string{{"m|monetary|umsatz", "score|scores|rank|rfm"}, {"mscore"}},
		optional: "rfm|score", label: tx("Umsatzpunkte", "monetary score"),
		words: words(tx("sehr umsatzstark", "very strong in revenue"), tx("umsatzstark", "strong in revenue"),
			tx("umsatzschwach", "weak in revenue"), tx("sehr umsatzschwach", "very weak in revenue")),
	},
	{
		id: "orders_per_contact", family: "response", measure: aCount,
		forms: [][]string{{orderTokens, "per|je|pro", contactTokens}}, label: tx("Bestellungen je Kontakt", "orders per contact"),
		words: words(tx("sehr viele Bestellungen je Kontakt", "very many orders per contact"),
			tx("viele Bestellungen je Kontakt", "many orders per contact"),
			tx("wenige Bestellungen je Kontakt", "few orders per contact"),
			tx("sehr wenige Bestellungen je Kontakt", "very few orders per contact")),
	},
	{
		id: "rhythm", family: "rhythm", optional: orderTokens + "|" + averageTokens,
		forms: [][]string{{"cv|variation|irregularity|unregelmaessigkeit", "days|gap|gaps|interval|intervals|between|" + orderTokens}},
		label: tx("Unregelmäßigkeit der Bestellungen", "irregularity of orders"),
		words: words(tx("sehr unregelmäßige Bestellungen", "very irregular orders"),
			tx("unregelmäßige Bestellungen", "irregular orders"), tx("regelmäßige Bestellungen", "regular orders"),
			tx("sehr regelmäßige Bestellungen", "very regular orders")),
	},
	{
		id: "gaps", family: "rhythm", optional: orderTokens + "|" + averageTokens + "|tage",
		forms: [][]string{{"between|zwischen", orderTokens}, {"days|tage", "between|zwischen"}, {"bestellabstand|bestellabstaende"},
			{"interpurchase", "time|days"}, {"gap|gaps|interval|intervals|abstand|abstaende"}},
		label: tx("Bestellabstand", "days between orders"),
		words: words(tx("sehr lange Bestellabstände", "very long gaps between orders"),
			tx("lange Bestellabstände", "long gaps between orders"), tx("kurze Bestellabstände", "short gaps between orders"),
			tx("sehr kurze Bestellabstände", "very short gaps between orders")),
	},
	{
		id: "items_per_order", family: "items", measure: aCount,
		forms: [][]string{{"items|lines|positions|positionen|artikel|quantity|menge", "per|je|pro", orderTokens}},
		label: tx("Positionen je Bestellung", "items per order"),
		words: words(tx("sehr viele Positionen je Bestellung", "very many items per order"),
			tx("viele Positionen je Bestellung", "many items per order"),
			tx("wenige Positionen je Bestellung", "few items per order"),
			tx("sehr wenige Positionen je Bestellung", "very few items per order")),
	},
	{
		id: "order_value", family: "basket", measure: anAmount, optional: averageTokens + "|" + orderTokens + "|value|wert|size",
		forms: [][]string{{averageTokens, orderTokens, "value|wert|amount|size|revenue|umsatz"}, {"aov"},
			{"basket|warenkorb|bestellwert|auftragswert|bonwert|durchschnittsbon|warenkorbwert"},
			{revenueTokens, "per|je|pro", orderTokens}, {"order", "value"}},
		label: tx("Bestellwert", "order value"),
		words: words(tx("sehr große Bestellungen", "very large orders"), tx("große Bestellungen", "large orders"),
			tx("kleine Bestellungen", "small orders"), tx("sehr kleine Bestellungen", "very small orders")),
	},
	{
		id: "recency", family: "recency", optional: orderTokens + "|since|seit|letzter|letztem",
		forms: [][]string{{"recency|rezenz"}, {"since|seit", "last|letzte|letzter|letzten|letztem"}, {"since", orderTokens},
			{"last", orderTokens, "days|tage"}},
		label: tx("Tage seit der letzten Bestellung", "days since the last order"),
		words: words(tx("sehr lange nicht bestellt", "no order for very long"),
			tx("länger nicht bestellt", "no order for some time"), tx("kürzlich bestellt", "ordered recently"),
			tx("erst ganz kürzlich bestellt", "ordered very recently")),
	},
	{
		id: "tenure", family: "tenure", optional: orderTokens + "|customer|kunde|kunden|since|seit|as|relationship|first|erste|erster",
		forms: [][]string{{"tenure|vertragsdauer|kundendauer|kundenalter|zugehoerigkeit"}, {"since|seit", "first|erste|erster|ersten"},
			{"customer|kunde", "since|seit|age|alter"}},
		label: tx("Dauer der Kundenbeziehung", "tenure"),
		words: words(tx("sehr langjährige Kunden", "very long-standing customers"),
			tx("langjährige Kunden", "long-standing customers"), tx("neuere Kunden", "newer customers"),
			tx("sehr neue Kunden", "very new customers")),
	},
	{
		id: "campaign_contacts", family: "contacts", core: true, measure: aCount, optional: contactTokens,
		forms: [][]string{{"campaign*|kampagne*|mailing|mailings"}}, label: tx("Kampagnenkontakte", "campaign contacts"),
		words: words(tx("sehr viele Kampagnenkontakte", "very many campaign contacts"),
			tx("viele Kampagnenkontakte", "many campaign contacts"), tx("wenige Kampagnenkontakte", "few campaign contacts"),
			tx("sehr wenige Kampagnenkontakte", "very few campaign contacts")),
	},
	{
		id: "contacts", family: "contacts", core: true, measure: aCount, forms: [][]string{{contactTokens}},
		label: tx("Kontakte", "contacts"),
		words: words(tx("sehr viele Kontakte", "very many contacts"), tx("viele Kontakte", "many contacts"),
			tx("wenige Kontakte", "few contacts"), tx("sehr wenige Kontakte", "very few contacts")),
	},
	{
		id: "range", family: "range", measure: aCount, optional: "product|of|distinct|produkt",
		forms: [][]string{{"categories|kategorien|assortment|sortiment|sortimentsbreite|warengruppen"},
			{"product|produkt", "groups|gruppen"}, {"distinct|different|n", "products|articles|artikel|items"}},
		label: tx("Sortimentsbreite", "breadth of range"),
		words: words(tx("sehr breites Sortiment", "very broad range"), tx("breites Sortiment", "broad range"),
			tx("schmales Sortiment", "narrow range"), tx("sehr schmales Sortiment", "very narrow range")),
	},
	{
		id: "orders", family: "orders", core: true, measure: aCount,
		forms: [][]string{{orderTokens}, {"frequency|haeufigkeit|frequenz|bestellanzahl|bestellzahl|bestellhaeufigkeit|" +
			"kaufhaeufigkeit|auftragszahl"}},
		label: tx("Bestellungen", "orders"),
		words: words(tx("sehr viele Bestellungen", "very many orders"), tx("viele Bestellungen", "many orders"),
			tx("wenige Bestellungen", "few orders"), tx("sehr wenige Bestellungen", "very few orders")),
	},
	{
		id: "company_turnover", family: "company", types: "firmographic", measure: anAmount, optional: "company|unternehmens",
		forms: [][]string{{"turnover|unternehmensumsatz|firmenumsatz|" + revenueTokens}},
		label: tx("Unternehmensumsatz", "company turnover"),
		words: words(tx("sehr umsatzstarke Unternehmen", "companies with very high turnover"),
			tx("umsatzstarke Unternehmen", "companies with high turnover"),
			tx("umsatzschwache Unternehmen", "companies with low turnover"),
			tx("sehr umsatzschwache Unternehmen", "companies with very low turnover")),
	},
	{
		id: "revenue", family: "revenue", measure: anAmount, notTypes: notOurs, optional: "value|amount|volume|volumen",
		forms: [][]string{{revenueTokens}, {"net|total|gross|netto|brutto", "amount|betrag|value"}, {"amount|betrag"}},
		label: tx("Umsatz", "revenue"),
		words: words(tx("sehr hoher Umsatz", "very high revenue"), tx("hoher Umsatz", "high revenue"),
			tx("niedriger Umsatz", "low revenue"), tx("sehr niedriger Umsatz", "very low revenue")),
	},
	{
		id: "margin", family: "margin", optional: revenueTokens + "|" + shareTokens,
		forms: [][]string{{"margin|marge|margins|deckungsbeitrag|profit|gewinn|rohertrag"}}, label: tx("Marge", "margin"),
		words: words(tx("sehr hohe Marge", "very high margin"), tx("hohe Marge", "high margin"),
			tx("niedrige Marge", "low margin"), tx("sehr niedrige Marge", "very low margin")),
	},
	{
		id: "discount", family: "discount", optional: revenueTokens + "|" + shareTokens,
		forms: [][]string{{"discount|discounts|rabatt|rabatte|rabattanteil|rabattquote"}}, label: tx("Rabatte", "discounts"),
		words: words(tx("sehr hohe Rabatte", "very high discounts"), tx("hohe Rabatte", "high discounts"),
			tx("geringe Rabatte", "low discounts"), tx("sehr geringe Rabatte", "very low discounts")),
	},
	{
		id: "quantity", family: "quantity", measure: aCount,
		forms: [][]string{{"quantity|quantities|menge|mengen|units|pieces|stueck|stueckzahl|volume|absatz"}},
		label: tx("Menge", "quantity"),
		words: words(tx("sehr große Mengen", "very large quantities"), tx("große Mengen", "large quantities"),
			tx("kleine Mengen", "small quantities"), tx("sehr kleine Mengen", "very small quantities")),
	},
	{
		id: "seasonality", family: "season", optional: orderTokens + "|" + revenueTokens + "|index|strength",
		forms: [][]string{{"season|seasonal|seasonality|saison|saisonal|saisonalitaet"}}, label: tx("Saisonalität", "seasonality"),
		words: words(tx("sehr saisonal", "very seasonal"), tx("saisonal", "seasonal"),
			tx("übers Jahr gleichmäßig", "even over the year"), tx("übers Jahr sehr gleichmäßig", "very even over the year")),
	},
	{
		id: "device_age", family: "device age", optional: averageTokens + "|device|devices|machine|machines",
		forms: [][]string{{"device|devices|machine|machines|geraet|geraete|maschinen", "age|alter"}, {"geraetealter|maschinenalter"}},
		label: tx("Gerätealter", "age of devices"),
		words: words(tx("sehr alte Geräte", "very old devices"), tx("ältere Geräte", "older devices"),
			tx("neuere Geräte", "newer devices"), tx("sehr neue Geräte", "very new devices")),
	},
	{
		id: "usage", family: "usage", optional: "device|devices|machine|machines|geraet|geraete|monthly|monatlich|hours|stunden|pages|seiten|of|" +
			averageTokens,
		forms: [][]string{{"usage|use|nutzung|auslastung|geraetenutzung|utilisation|utilization"}}, label: tx("Gerätenutzung", "device usage"),
		words: words(tx("sehr starke Nutzung", "very heavy use"), tx("starke Nutzung", "heavy use"),
			tx("schwache Nutzung", "light use"), tx("sehr schwache Nutzung", "very light use")),
	},
	{
		id: "devices", family: "devices", measure: aCount, optional: "installed|base|of",
		forms: [][]string{{"device|devices|machine|machines|geraet|geraete|maschinen|geraetezahl|geraetebestand|maschinenbestand"},
			{"installed", "base"}},
		label: tx("Geräte", "devices"),
		words: words(tx("sehr viele Geräte", "very many devices"), tx("viele Geräte", "many devices"),
			tx("wenige Geräte", "few devices"), tx("sehr wenige Geräte", "very few devices")),
	},
	{
		id: "employees", family: "company", measure: aCount,
		forms: [][]string{{"employee|employees|headcount|staff|mitarbeiter|mitarbeitende|beschaeftigte|mitarbeiterzahl"}},
		label: tx("Mitarbeitende", "employees"),
		words: words(tx("sehr große Unternehmen", "very large companies"), tx("große Unternehmen", "large companies"),
			tx("kleine Unternehmen", "small companies"), tx("sehr kleine Unternehmen", "very small companies")),
	},
	{
		id: "purchasing_power", family: "region", optional: "index|region|regional|regionale",
		forms: [][]string{{"purchasing", "power"}, {"kaufkraft|kaufkraftindex"}}, label: tx("Kaufkraft", "purchasing power"),
		words: words(tx("sehr kaufkräftige Regionen", "regions of very high purchasing power"),
			tx("kaufkräftige Regionen", "regions of high purchasing power"),
			tx("kaufkraftschwache Regionen", "regions of low purchasing power"),
			tx("sehr kaufkraftschwache Regionen", "regions of very low purchasing power")),
	},
	{
		id: "satisfaction", family: "feedback", optional: averageTokens + "|score|" + shareTokens + "|feedback|survey",
		forms: [][]string{{"satisfaction|zufriedenheit|nps|sentiment|stimmung"}}, label: tx("Zufriedenheit", "satisfaction"),
		words: words(tx("sehr zufrieden", "very satisfied"), tx("zufrieden", "satisfied"),
			tx("weniger zufrieden", "less satisfied"), tx("deutlich weniger zufrieden", "far less satisfied")),
	},
	{
		id: "industry", family: "industry", category: true,
		forms: [][]string{{"industry|branche|sector|wirtschaftszweig|nace|sic"}}, optional: "code|name", label: tx("Branche", "industry"),
	},
	{
		id: "country", family: "place", category: true, forms: [][]string{{"country|land|nation|countries"}},
		optional: "code|name|iso", label: tx("Land", "country"),
	},
	{
		id: "region", family: "place", category: true, forms: [][]string{{"region|bundesland|state|province|gebiet"}},
		optional: "code|name|sales|vertriebs", label: tx("Region", "region"),
	},
	{
		id: "channel", family: "channel", category: true, forms: [][]string{{"channel|kanal|channels|vertriebsweg"}},
		optional: "preferred|main|bevorzugter|sales", label: tx("Kanal", "channel"),
	},
}
