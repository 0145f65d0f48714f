package company

import (
	"fmt"
	"strconv"
	"time"
)

// campaign themes run in turn, one theme a quarter, each over a few channels.
var themes = []struct {
	name     string
	channels []string
}{
	{"own_brand_offer", []string{"email", "email", "mail", "phone"}},
	{"consumables_subscription", []string{"email", "email", "phone"}},
	{"machine_check", []string{"phone", "visit", "email"}},
	{"year_end_bonus", []string{"mail", "email", "email"}},
}

// Channels of contacts outside campaigns.
var personalChannels = []string{"visit", "phone", "phone", "email"}

var (
	responses       = []string{"none", "opened", "replied", "ordered"}
	responseWeights = [5][]int{ // by segment
		{30, 30, 20, 20}, {25, 30, 15, 30}, {62, 24, 11, 3}, {48, 30, 13, 9}, {42, 30, 13, 15},
	}
)

// contacts appends the contacts with a customer.
func (g *generator) contacts(t *Contacts, cu *customer) {
	p := &cu.plan
	d := g.draws(streamContacts, cu.index)
	for seq, day := range g.contactDays.events(d, p.contacts, 0.9, 0) {
		date := g.contactDays.first.AddDate(0, 0, day)
		theme := &themes[(int(date.Month())-1)/3]
		channel, campaign := personalChannels[d.below(len(personalChannels))], ""
		if d.chance(Segments[p.segment].Campaign) {
			channel, campaign = theme.channels[d.below(len(theme.channels))], campaignName(date, theme.name)
		}
		response := responses[d.pick(responseWeights[p.segment])]
		minute := 8*60 + d.below(9*60)
		if day < cu.since {
			continue
		}
		t.ID = append(t.ID, "C"+strconv.Itoa(1_000_000+cu.index)+"-"+strconv.Itoa(10_000 + seq)[1:])
		t.CustomerID = append(t.CustomerID, cu.id)
		t.ContactedAt = append(t.ContactedAt, g.contactDays.at(day, minute))
		t.Channel = append(t.Channel, channel)
		t.Campaign = append(t.Campaign, campaign)
		t.Response = append(t.Response, response)
	}
}

func campaignName(date time.Time, theme string) string {
	return fmt.Sprintf("%d_q%d_%s", date.Year(), (int(date.Month())-1)/3+1, theme)
}
