#include "privacy/name_dictionary.h"

namespace sluice::privacy {
namespace {

// clang-format off
constexpr DictionaryLine kLines[] = {
    {Concept::kText, "vermerk vermerke hinweis hinweise megjegyzes observatii примітка примечание σχόλια ملاحظات टिप्पणी "
     "note notes comment comments remark remarks memo description descr desc text txt message messages msg body content summary feedback review reviews bio biography about details detail narrative complaint transcript reason answer question subject "
                     "notiz notizen bemerkung bemerkungen kommentar anmerkung anmerkungen beschreibung nachricht freitext remarque remarques commentaire commentaires texte nota notas observaciones observacion comentario comentarios descripcion mensaje observacoes descricao mensagem "
                     "osservazioni commento commenti descrizione messaggio opmerking opmerkingen omschrijving bericht toelichting uwagi komentarz opis wiadomosc anteckning anteckningar kommentti huomautus poznamka aciklama заметка комментарий 备注 備考 メモ 비고 log entry chat history free"},
    {Concept::kDocument, "useragent "
     "json jsonb xml payload data doc document meta metadata attributes attrs props properties extra info raw blob request response event body profile settings config configuration params parameters context hstore custom daten donnees datos dados dati gegevens dane"},
    {Concept::kFlag, "kanal kanale kanaal "
     "model brand is has was can should sent verified confirmed valid validated check checked flag enabled disabled active status state type kind category cat mode optin optout opt consent allowed required visible preferred preference pref bounced unsubscribed subscribed notified accepted blocked locked "
                     "reset changed present exists ok yn bool ja nein statut statuts etat estado stato status typ art tipo tipologia soort rodzaj geprueft gepruft bestatigt verifiziert verifie verificado verificato aktiv aktywny gesendet envoye enviado inviato verzonden masked template provider domain format label "
                     "lang language locale channel source origin method level tier priority reason class group rank score policyname strength required needed lookup tower antenna celltower"},
    {Concept::kCount, "count counts cnt total totals sum qty quantity anzahl menge nombre cantidad cantidade quantita aantal ilosc antal amount attempts retries size length len visits views clicks days hours minutes seconds percent pct ratio rate avg min max score points failures tries"},
    {Concept::kThing, "subnet netmask cidr gateway reorder product products prod item items itm article artikel art sku part parts component comp module material order orders ord invoice invoices inv bill receipt shipment shipments shipping parcel package tracking track consignment waybill "
                      "ticket tickets case issue task project job batch lot serial barcode ean upc isbn gtin asin model make brand series edition build release commit branch repo repository file files filename path url uri link href image img icon photo "
                      "logo color colour shade hex size weight height width depth category genre title titel titre titulo titolo tytul event events campaign promo coupon voucher discount promotion referral reference ref refs refno reservation booking transaction txn trx payment "
                      "transfer claim contract agreement policy plan subscription package tier table column field schema index row tag tags topic station route lane flight train bus vessel ship room building site store shop branch warehouse depot location "
                      "asset equipment machine sensor server host hostname domain cluster node port process thread queue job container pod region zone environment env service svc endpoint class method function variable rule script plugin extension feature "
                      "book movie film song album track recipe dish menu drug medicine ingredient species breed animal pet plant crop course lesson subject exam grade quiz survey question vorgang auftrag bestellung rechnung lieferung sendung paket ware waren produkt teil bauteil seriennummer "
                      "chargen charge gebinde commande facture livraison colis produit piece pedido factura envio paquete producto pieza fatura entrega produto peca ordine fattura spedizione pacco prodotto pezzo bestelling factuur zending pakket onderdeel zamowienie faktura przesylka paczka "
                      "produkt czesc ordre faktura vare bestallning varor tilaus lasku tuote objednavka siparis fatura urun catalogue catalog inventory stock bin shelf rack license_type edition workflow pipeline template theme layout page slug thread channel playlist game team league match race_event "
                      "alloc allocation cost ledger journal_entry cart basket trip journey tour "
                      "po ponumber purchase purchaseorder rma awb airwaybill bol lading wo workorder docket quote quotation estimate teile teilenummer ersatzteil ersatzteile zeichnung charge losnr lieferschein beleg belegnr angebot gutschrift inventarnr anlagen mahnung "
                      "devis bordereau avoir bulletin colisage presupuesto albaran referencia lote repuesto recambio orcamento romaneio remessa lote peca preventivo bolla lotto ricambio offerte pakbon onderdelen partij oferta zlecenie partia czesci zamowienia faktury "
                      "offert foljesedel reservdel tilbud reservedel tarjous varaosa nabidka dodaci sarze teklif irsaliye parca заказ товар артикул партия 商品 注文 订单 주문 상품 dingdan zakaz tovar siparis proion προϊόν παραγγελία "
                      "finish variant flavour flavor fabric colorway colourway docno docnum belnr matnr vbeln auftr rechnr licensekey activation meter counter container hscode tariff barcode2 qr rfid nfc firmware"},
    {Concept::kSite, "sensor sensors sensore sensores capteur capteurs czujnik czujniki station stations estacion estacao stazione stacja wetterstation weather probe probes gauge gauges buoy buoys "
                     "site sites facility facilities plant factory store stores shop shops branch branches filiale filialen sucursal tienda tiendas loja lojas negozio magasin magasins winkel winkels sklep sklepy "
                     "warehouse warehouses depot depots hub hubs airport airports harbour hotel hotels restaurant restaurants poi landmark landmarks monument tower towers antenna antennas mast masts celltower charger chargers outlet outlets"},
    {Concept::kOrg, "razao raison ragione razon denominacion denominazione denominacao fantasia organizacion organizacao organizzazione organisatie organizacja επωνυμία 会社 公司 회사 الشركة شركة компанія компания компании организация организации "
     "company companies comp firm firma organisation organization org business employer vendor vendors supplier suppliers manufacturer manufacturers maker mfr brand merchant retailer shop store dealer distributor carrier publisher studio label school university college department dept division team unit "
                    "unternehmen arbeitgeber lieferant lieferanten hersteller handler abteilung entreprise societe employeur fournisseur fabricant empresa empleador proveedor fabricante empregador fornecedor azienda ditta societa datore fornitore produttore bedrijf werkgever leverancier fabrikant przedsiebiorstwo pracodawca dostawca producent "
                    "foretag leverantor virksomhed yritys firmy sirket marque marca merk marka agency institution institute bank club hotel restaurant hospital clinic airline network issuer"},
    {Concept::kMoney, "price prices amount amt total subtotal balance cost fee fees charge due paid net gross tax vat discount currency preis betrag summe saldo kosten gebuhr beitrag prix montant solde frais precio importe monto saldo costo tarifa preco valor saldo custo taxa prezzo importo saldo costo tariffa prijs bedrag saldo kosten cena kwota saldo koszt opłata belopp pris hinta castka tutar limit credit debit budget revenue sales"},
    {Concept::kVersion, "version ver vers release build revision rev firmware driver_ver fw patch"},
    {Concept::kChecksum, "integrity subresource checksum sha sha1 sha256 sha512 md5 crc crc32 digest etag commit fingerprint"},
    {Concept::kValue, "reponse reponses antwort antworten respuesta respuestas resposta risposta antwoord odpowiedz svar vastaus odpoved valasz raspuns cevap answer value val values wert werte valeur valeurs valor valores valore valori waarde wartosc varde verdi arvo hodnota deger content answer"},
    {Concept::kAttribute, "key attribute attr field property prop param parameter setting feld merkmal eigenschaft schlussel champ attribut cle campo atributo clave chave attributo chiave veld kenmerk pole atrybut klucz egenskab egenskap avain question variable"},
    {Concept::kSmall, "whole wholes envio livraison entrega consegna spedizione lieferung levering dostawy facturation fatturazione "
     "postale postales credit debit source next last first known recent previous of the a an de des du da do dos del della di der die das und and et e y la le les el i o en in for von van per pro al fld col column f c s d primary secondary main home work office business private mobile2 other alt alternate alternative new old original default current previous prev billing shipping delivery mail postal "
                      "privat geschaft geschaftlich haupt neben zweite erste liefer rechnungs domicile travail principal principale casa trabajo trabalho lavoro thuis werk dom praca hem arbete hjem work1 home1 desk daytime evening direct ext extension intl international line"},
};
// clang-format on

}  // namespace

std::span<const DictionaryLine> thing_words() { return kLines; }

}  // namespace sluice::privacy
