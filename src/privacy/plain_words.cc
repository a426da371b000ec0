#include "privacy/plain_words.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace sluice::privacy {
namespace {

struct Line {
  PlainWord kind;
  std::string_view words;
};

// clang-format off
constexpr Line kLines[] = {
    {PlainWord::kOpener,
     "please could would can may will shall should do does did is are was were has have had hello hi hey dear thanks thank regards best kind sincerely "
     "mr mrs ms miss dr prof sir madam customer client user patient member employee contact caller manager agent colleague doctor nurse driver guest tenant "
     "owner applicant candidate student teacher from to for with by at on in of and or but if when while after before since until my our your his her their "
     "its we you he she they it i me us as per cc re fwd attn attention note notes update updated also then today yesterday tomorrow now here there what who "
     "where why how which whose call called ring email mail send sent met meet ask asked tell told said says spoke talk talked see saw seen signed approved "
     "assigned reported requested received confirmed reviewed created resolved closed opened escalated forwarded transferred shipped delivered returned "
     "refund refunded moved living lives left visited interview interviewed "
     "bitte kunde kundin herr herrn frau hallo liebe lieber guten danke mit von an fur und oder aber wenn nach vor seit bei im am in zu zum zur auf aus uber "
     "unter ich wir sie er es ihr mein meine unser unsere ihre seine patient patientin mitarbeiter mitarbeiterin mieter ansprechpartner ansprechpartnerin "
     "kontakt anruf anrufer rucksprache gesprach laut gemeldet umzug rechnung lieferung nachricht neue neuer neues alte alter kollege kollegin termin "
     "bonjour merci monsieur madame mademoiselle mme mlle cher chere client cliente avec pour chez par et ou mais selon notre votre nous vous il elle je "
     "appeler rappeler contacter contactez veuillez svp patiente "
     "hola gracias senor senora sr sra srta don dona estimado estimada cliente con para por y o pero segun nuestro su llamar contactar favor paciente usuario "
     "ola obrigado obrigada senhor senhora sr sra com para por e ou mas segundo nosso seu ligar contatar favor caro cara paciente "
     "ciao grazie signor signora sig gentile egregio cliente con per da e o ma secondo nostro suo chiamare contattare prego dottor dottoressa avvocato paziente "
     "hallo bedankt dhr mevr meneer mevrouw beste geachte klant met voor van en of maar volgens onze uw bellen contact "
     "dzien dziekuje pan pani panu pana klient klientka prosze z do od i lub ale wedlug nasz "
     "hej tack kund med for och eller men enligt vi kontakta ring hei takk kunde "
     "клиент клиентка пациент пациентка сотрудник сотрудница господин госпожа уважаемый уважаемая гражданин musteri sayin bay bayan hasta hanim "
     "zakaznik zakaznice vazeny vazena kontaktujte asiakas potilas medlem medarbejder handy "},
    {PlainWord::kArticle,
     "the an this that these those another every each some any no new old der die das den dem des ein eine einen einem einer dieser diese dieses "
     "le les un une cet cette el los las una unos unas este esta il lo gli uno questo questa het een deze dit um uma este "},
    {PlainWord::kSuffix,
     "ltd limited inc incorporated llc llp plc corp corporation co company gmbh ag kg kgaa ohg gbr ug mbh ev eg se sa sas sarl eurl snc spa srl srls bv nv "
     "vof cv ab as asa aps oy oyj sro as sl slu sc lda ltda eireli me epp sp zoo pty pvt pte kk group gruppe groupe grupo gruppo holding holdings bros "
     "brothers sons partners associates stiftung foundation fils freres et hermanos hijos fratelli e figli zonen inversiones industrias alimentaria "},
    {PlainWord::kThing,
     // places, institutions, firms
     "street avenue road lane drive boulevard square park city town village county state country region district north south east west northern southern "
     "eastern western lake river mountain mount hill hills valley beach island islands bay ocean sea port fort castle bridge airport station hospital clinic "
     "school university college institute academy library museum church temple hotel motel inn resort restaurant cafe bar pub shop store market mall center "
     "centre office department ministry bank insurance airlines airways rail railway club team league union council committee board service services support "
     "system systems solutions technologies technology software hardware digital media network networks global international national federal united states "
     "kingdom america europe asia africa australia england scotland wales ireland france germany spain italy portugal brazil mexico canada india china japan "
     "russia poland sweden norway denmark finland netherlands holland belgium austria switzerland london paris berlin madrid rome york angeles francisco "
     "diego vegas jersey zealand houston dallas chicago boston seattle miami street house tower building block floor room suite plant warehouse depot hub "
     "lager filiale werk zentrale niederlassung halle abteilung aussenstelle magasin entrepot agence usine succursale almacen sucursal tienda fabrica "
     "magazzino negozio stabilimento magazijn filiaal winkel armazem loja filial magazyn sklep oddzial filia butik varasto sklad depo raktar uzlet depozit magazin "
     // calendar
     "monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december "
     "montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar marz mai juni juli oktober dezember christmas easter day week month year "
     "morning evening night holiday season spring summer autumn winter black cyber "
     // things that are sold, and parts of their names
     "rug mix bench boot boots pan jug chair table sofa couch bed desk lamp light mirror clock watch shelf cabinet cupboard drawer mattress pillow blanket "
     "towel curtain carpet vase bowl cup mug plate glass bottle jar kettle pot knife fork spoon board tray basket box bag backpack rucksack wallet belt "
     "shoe shoes sneaker sneakers runner trainer trainers sandal sandals slipper shirt blouse dress skirt jacket coat sweater hoodie jeans trousers pants "
     "shorts socks hat cap scarf gloves ring necklace bracelet earring sunglasses tent stove grill oven fridge freezer toaster blender mixer vacuum washer "
     "dryer fan heater phone tablet laptop notebook monitor screen keyboard mouse printer camera lens speaker headphones headset earbuds charger cable "
     "adapter battery router drone console controller game games toy puzzle doll bike bicycle scooter helmet skateboard ball racket racquet guitar piano drum violin "
     "book novel magazine album song movie film tea coffee beer wine whiskey whisky vodka rum gin juice water milk cheese bread cake cookie chocolate candy "
     "sauce soup salad pizza burger pasta rice oil soap shampoo lotion cream perfume candle brush razor hammer drill saw screwdriver wrench "
     "ladder pump hose engine tyre tire car truck van bus boat ship plane edition series collection set kit pack bundle plus pro max mini ultra premium "
     "deluxe classic standard basic model version release update order invoice ticket number code item product part sku account card cash credit debit "
     "payment refund delivery shipping return warranty contract policy report summary review feedback survey project plan sprint task issue bug feature meeting agenda "
     "call center email address customer-service red blue green yellow orange purple pink white brown-sugar grey gray gold golden silver bronze royal "
     "super smart fast free big small great good happy extra double triple mega hyper power energy sport sports home garden kitchen bath bathroom bedroom office outdoor "
     "stuhl tisch lampe regal schrank sofa bett spiegel uhr teppich vase tasse teller glas flasche topf pfanne messer tasche rucksack schuh schuhe stiefel hemd "
     "kleid rock jacke mantel hose mutze schal zelt ofen herd kuhlschrank drucker kamera kabel akku fahrrad roller ball gitarre buch kaffee tee bier wein brot "
     "kuchen kase seife creme kerze hammer bohrer artikel sendung paket bestellung vertrag gmbh strasse platz stadt bahnhof krankenhaus schule universitat "
     "chaise lampe miroir horloge tapis verre bouteille couteau sac chaussure chaussures robe veste manteau velo livre cafe vin pain fromage savon bougie "
     "silla mesa lampara espejo reloj alfombra vaso botella cuchillo bolsa zapato zapatos vestido chaqueta abrigo bicicleta libro cafe vino pan queso jabon vela "
     "sedia tavolo lampada specchio orologio tappeto bicchiere bottiglia coltello borsa scarpa scarpe vestito giacca cappotto bicicletta libro vino pane "
     "stoel tafel lamp spiegel klok tapijt glas fles mes tas schoen schoenen jurk jas fiets boek koffie kaas "
     "cadeira mesa espelho relogio tapete copo garrafa faca sapato vestido casaco livro queijo sabao krzeslo stol lustro zegar dywan buty sukienka kurtka rower ksiazka "
     "google apple microsoft amazon facebook linkedin twitter whatsapp instagram samsung sony nike adidas windows linux android iphone ipad macbook chrome "
     "firefox excel word outlook teams zoom slack github visa mastercard paypal api ssn iban pdf url sms usb gps vpn dns ssl http https sql json xml csv html "
     "internet web server database cloud backup login password token key "},
};
constexpr std::string_view kParticles =
    " de da do dos das du des del della di dalla lo la las los le van von der den dem ter ten te zu zum af av bin ibn al el ul abu ben san y e i und of op 't vom ";
// clang-format on

}  // namespace

PlainWord plain_word(std::string_view word) {
  static const auto* const all = [] {
    auto* map = new std::unordered_map<std::string_view, PlainWord>;
    for (const Line& line : kLines) {
      for (size_t at = 0; at < line.words.size();) {
        const size_t end = std::min(line.words.find(' ', at), line.words.size());
        if (end > at) map->emplace(line.words.substr(at, end - at), line.kind);
        at = end + 1;
      }
    }
    return map;
  }();
  const auto found = all->find(word);
  return found == all->end() ? PlainWord::kUnknown : found->second;
}

bool is_particle(std::string_view word) {
  if (word.empty() || word.size() > 6) return false;
  const size_t at = kParticles.find(word);
  return at != std::string_view::npos && kParticles[at - 1] == ' ' &&
         kParticles[at + word.size()] == ' ';
}

}  // namespace sluice::privacy
