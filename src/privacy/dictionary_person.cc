#include "privacy/name_dictionary.h"

namespace sluice::privacy {
namespace {

// clang-format off
constexpr DictionaryLine kLines[] = {
    {Concept::kGiven, "kana kanamei xm pnom pren vn fn utonev krstno krestne keresztneve tilltal fornavnet furigana yomigana yomikata initials initialen initiales iniciales inicjaly initialer voorletters doppelname kutsumanimi mellomnavn ім імя піб ονοματεπώνυμο ονοματεπωνυμο お名前 フリガナ ふりがな 氏名カナ hovaten vardas 성함 الكامل نام शुभनाम "
     "όνομα ονομα fnam etunimet seongmyeong kanjiname kananame otchestvo xingming namae shimei ireum nama hoten onoma vezeteknev prenume ime keresztnev "
     "fullname vollname displayname nomecompleto nomeecognome fio фио 姓名 氏名 성명 imieinazwisko first given forename fname firstname fore vor vorname vornamen rufname prenom prenoms voornaam roepnaam imie imiona fornamn tilltalsnamn fornavn etunimi "
                      "jmeno krestni nombre nombres pila primer nome christian middle mid mname middlename mi givenname gname ad isim imya prenume keresztnev "
                      "имя отчество 名 下の名前 이름 frstnm fnm frst"},
    {Concept::kFamily, "cgn prizvyshche prizvysche fam nn ln slaktnamn prijmenie prezime slektsnavn sn meisjes meisjesnaam nomnaissance nomdenaissance szuletesinev kizlik anneadi babaadi anyjaneve pavarde uzvards прізвище العائلة اللقب उपनाम "
     "επώνυμο επωνυμο lnam familia eponymo prezime nume vezetek csaladnev vorfamilienname "
     "last family surname lname lastname sur sname familyname nach nachname familie familien familienname zuname geburtsname maiden nom apellido apellidos paterno materno "
                       "sobrenome apelido cognome achternaam familienaam tussenvoegsel nazwisko efternamn etternavn efternavn sukunimi prijmeni soyad soyadi soyisim familiya "
                       "фамилия 姓 苗字 성 lstnm lnm usual patronymic patronym"},
    {Concept::kName, "display nam navne фамилия 명 フリガナ ふりがな 氏名カナ اسم الاسم नाम "
     "nev naam isim "
     "name names nm nme naam namen nom nome nombre nazwa namn navn nimi jmeno isim numele fio фио имя 姓名 氏名 名前 名字 성명 이름 anrede"},
    {Concept::kFull, "toname fromname voll full full complete legal real nick preferred known vollstandiger voller complet completo completa volledige pelne fullname displayname cognomenome razao nomecompleto nomeecognome"},
    {Concept::kPerson, "fastlege hausarzt huisarts responsable respons keeper keepers cautionsolidaire lenker lenkerin chauffeur chauffeurs sofer soferi sofor ridic ridici vodic vozac forer kuljettaja sjafor motorista autista voznik vodac voditel водій водитель οδηγός odigos surucu supir "
     "garant garants avaliste fiador fiadora aval garante mitschuldner burge kautionsgeber occupant occupants heir heirs erbe erben heritier herdeiro herdeira erede erfgenaam spadkobierca notar anwalt avocat abogado advogado advocaat adwokat "
     "pfleger pflegekraft zeuge zeugen temoin testigo testemunha getuige swiadek tuteur tutor tutora tutore voogd opiekun rodzic hauptmieter untermieter mieterin pachter lokator lokatorzy huurders bewohner bewohnerin bewoner beboer boende residente residenti "
     "abonne abonnes abonnent abonnee abonent suscriptor assinante abbonato afiliado afiliados tesserato tesserati adherente vereinsmitglied eleves apprenti lehrling azubi stagiaire patientin versicherungsnehmer enrollee "
     "vasarlo dolgozo munkavallalo beteg paciens lakos berlo tulajdonos cumparator vanzator elevi profesori chirias zakaznici najemnik vlastnik ucitel odberatel prodavajici parorende pargorande innehaver leietaker sokande kjoper selger asiakas asiakkaat tyontekija "
     "potilas omistaja vuokralainen sahibi kiraci ogrenci ogretmen yetkili refakatci pokupatel sotrudnik zakazchik poluchatel vladelec uchitel pacijent kupac vlasnik zaposleni cst cntnm cntname emrcnt emrcntct emrgcnt emergcontact who referente pessoa conducteur مستخدم العميل العملاء الموظف الموظفين المريض ग्राहक कर्मचारी клієнт клієнти працівник працівники пацієнт πελάτες πελάτης υπάλληλος 联系人 收件人 担当者 お客様 담당자 고객명 angajati angajat ugyfelek ugyfel pasager "
     "attending kd ptnt hldr holdr createdby updatedby modifiedby approvedby reviewedby assignedto requestedby signedby enteredby reportedby processedby submittedby handledby servedby soldby preparedby "
     "customer cust customers client clients clnt user users person people persons persona personas personal member members membr mbr patient patients pat employee employees emp empl staff worker workers "
                       "student students pupil teacher teachers prof instructor trainer contact contacts cont contactperson holder cardholder accountholder owner payer payee buyer seller purchaser recipient beneficiary "
                       "sender receiver addressee consignee shipper guest guests visitor visitors tenant tenants landlord resident residents citizen driver passenger passengers traveller traveler doctor dr physician "
                       "clinician nurse surgeon therapist practitioner manager mgr supervisor boss agent rep representative salesperson salesman assignee reporter author editor reviewer approver requester requestor applicant candidate "
                       "applicants candidates subscriber subscribers donor donors volunteer volunteers participant participants attendee attendees speaker lead leads prospect prospects spouse partner husband wife mother father parent parents guardian "
                       "child children kid sibling relative kin nok emergency dependant dependent insured policyholder claimant borrower lender debtor creditor signatory signer signee witness lawyer attorney judge "
                       "officer operator technician engineer caller consultant advisor adviser courier rider player coach artist cardmember accountowner registrant nominee trustee director founder ceo "
                       "kunde kunden kundin mitglied mitglieder mitarbeiter mitarb personen benutzer nutzer patienten ansprechpartner ansprech inhaber kontoinhaber halter empfanger absender besteller kaufer verkaufer mieter vermieter "
                       "schuler lehrer arzt arztin fahrer vertreter antragsteller bewerber versicherter versicherten ehepartner ehegatte mutter vater eltern vormund angehorige bearbeiter sachbearbeiter betreuer teilnehmer gast gaste auftraggeber zahler "
                       "clientele adherent adherents salarie salaries employe employes utilisateur titulaire proprietaire locataire destinataire expediteur beneficiaire medecin etudiant eleve enseignant conducteur assure assures demandeur conjoint enfant mere pere "
                       "cliente clientes empleado empleados trabajador usuario usuarios socio socios paciente pacientes titular propietario inquilino destinatario remitente beneficiario medico alumno alumnos estudiante profesor conductor asegurado solicitante conyuge hijo madre padre huesped huespedes "
                       "funcionario funcionarios colaborador aluno alunos proprietario inquilino destinatario remetente condutor segurado solicitante conjuge filho mae pai hospede utente "
                       "clienti dipendente dipendenti utente utenti socio paziente pazienti titolare intestatario proprietario inquilino destinatario mittente medico studente studenti insegnante conducente assicurato richiedente coniuge figlio madre padre ospite ospiti anagrafica "
                       "klant klanten werknemer werknemers medewerker medewerkers gebruiker gebruikers lid leden patienten eigenaar huurder ontvanger afzender arts leerling docent bestuurder verzekerde aanvrager partner moeder vader gast houder contactpersoon rekeninghouder "
                       "klient klienci pracownik pracownicy uzytkownik czlonek pacjent pacjenci wlasciciel najemca odbiorca nadawca lekarz uczen nauczyciel kierowca ubezpieczony wnioskodawca malzonek dziecko matka ojciec gosc osoba osoby "
                       "kund kunder anstalld anstallda anvandare medlem medlemmar patienter agare lakare elev forare mottagare avsandare ansat medarbejder bruker ansatt zakaznik zamestnanec uzivatel pacient clovek musteri calisan hasta kisi "
                       "клиент клиенты сотрудник сотрудники пациент 客户 客戶 用户 员工 患者 顧客 社員 会員 고객 직원 환자 회원 vip hcp nextofkin"},
    {Concept::kContact, "contact reach kontakt contacto contatto contato koppeling"},
    {Concept::kEmail, "sposti mailto replyto notifyto emailcim ηλεκτρονική пошта електронна البريد الإلكتروني ईमेल 电子邮箱 电子邮件 電子郵件 "
     "メールアドレス youxiang meru pochta "
     "email emails mail mails mailbox emailadresse emailaddr emailaddress eml emailid mailadresse mailadres courriel mel correo correoelectronico electronico correio poczta epost sahkoposti eposta posta emailaddresses "
                      "почта 邮箱 郵箱 メール 이메일 inbox mailaddress emladdr"},
    {Concept::kPhone, "sjh sjhm lxdh hphn wphn mphn hmph wkph hmtel wktel fone fones recapito recapiti puhno κινητό κινητο тел номертелефону 連絡先 联系电话 聯絡電話 휴대전화 연락처 الجوال الهاتف جوال هاتف मोबाइल फोन mobilszam "
     "telf hmphn 휴대폰 手机号 手机号码 电话号码 전화번호 τηλέφωνο tfno tlfno shouji dianhua denwa keitai jeonhwa telepon telpon dienthoai tilefono cep ceptel telefonszam mobiltelefonszam hp "
     "telefonu phn telefonow telefonica telefonico mobiltelefon phone phones ph telephone tel telno phonenumber phoneno mobile mob mobil cell cellphone cellular fon handy handynr fax telefax telefon telefone telefono telefoon tel1 tel2 "
                      "telefonnummer rufnummer telefonnr ruf durchwahl festnetz portable mobilnummer movil celular telemovel cellulare gsm mobiel telefoonnummer komorka komorkowy tlf puhelin matkapuhelin puhelinnumero "
                      "telnr whatsapp msisdn sms landline dial callback hotline telefonszam teléfono recado celulare 电话 電話 手机 手機 携帯 전화 핸드폰 телефон fixe movil"},
    {Concept::kStreet, "billstreet shipstreet utca hazszam strada stradanr вулиця вул οδός οδος 도로명 "
     "gatu hausnummer hausnr huisnummer houseno housenumber street str streets strasse strassenname stras rue voie calle via rua logradouro endereco straat straatnaam ulica ul gata gade katu ulice sokak cadde indirizzo "
                       "адрес улица 街道 番地 line1 line2 line3 addrline adrline addr1 addr2 addr3 address1 address2 address3 adresse1 adresse2 addressline streetaddress"},
    {Concept::kAddress, "jitaku jikka lxdz jtzz bopael bosted direcc livesat residesat wohnhaft utdelningsadress lahiosoite billaddr shipaddr billaddress shipaddress billadr shipadr адреса проживання проживания жительства 所在地 自宅住所 家庭住址 收货地址 배송지 도로명주소 العنوان عنوان पता निवास "
     "gateadresse addrl anschr vejnavn osoite bostadsadress kotiosoite adresi zhuzhi jiatingzhuzhi διεύθυνση residencial dizhi jusho juusho juso alamat diachi diefthinsi lakcim cim adresa pata "
     "address addr adr add addresse adresse adressen anschrift adres adreszamieszkania direccion domicilio dom endereco morada indirizzo residenza residence residential wohnort wohnadresse adress osoite adresa "
                        "mailing shipto billto deliveryaddress wohn wohnanschrift lieferanschrift rechnungsanschrift lieferadresse rechnungsadresse woonadres 地址 住址 住所 주소 residencia postanschrift adresszeile zamieszkania bydliste"},
    {Concept::kHouse, "house houseno housenumber hausnummer hausnr hnr hsnr haus numerocivico huisnummer flat apt apartment suite unit complement complemento bairro colonia civico"},
    {Concept::kCity, "lieu geburtsort birthplace luogo lugar miejsce kraj "
     "city town locality ort stadt wohnort ville commune ciudad localidad municipio poblacion cidade localidade citta comune paese stad plaats woonplaats miasto miejscowosc stadt kaupunki mesto sehir ilce postort poststed город 城市 市 도시 cty village place"},
    {Concept::kRegion, "state province region county district department kanton bundesland land departement provincia estado regione distrito wojewodztwo powiat provincie lan fylke kommun maakunta kraj il область 省 州 prefecture regierungsbezirk uf"},
    {Concept::kPostcode, "zip zipcode postcode postal plz postleitzahl postnummer postnr codepostal cp cep cap kod kodpocztowy pocztowy postinumero psc postkode pincode codigopostal 邮编 郵便番号 우편번호 индекс zipc"},
    {Concept::kCountry, "country nation land pays pais paese kraj maa ulke страна 国家 国 나라 iso countrycode"},
    {Concept::kBirth, "umare csrq bd szuletett nascut narodeny rodjen syntynyt geboren nele neele fecnacim fechanacim nacim fodd foedd syntynyt datumnar datnar szul szuldatum yob birthyear γέννησης γεννησης народження الميلاد ميلاد जन्म जन्मतिथि "
     "bdat gbdat chusheng chushengriqi nais dtnais rozhdeniya shengri seinengappi tanjobi saengil lahir tgllahir ngaysinh szuletesi nasterii rodjenja narozen janm "
     "birth birthday birthdate born bday bdate dob dobirth brth brthdt bth birthdt geb gebdat gebdatum gebtag geburt geburts geburtstag geburtsdatum geburtsdat naissance naiss datenaiss ddn nacimiento nac fnac fecnac fechanac nascimento nasc dtnasc datanasc "
                      "nascita nasc datanascita geboorte geboortedatum geboortedat gebdat urodzenia urodz ur dataur fodelse fodelsedatum fodelsedag fodsel fodselsdato fodt fodselsdag foedselsdato syntymaaika syntyma narozeni dogum dogumtarihi рождения 生日 出生 出生日期 生年月日 誕生日 생년월일 생일"},
    {Concept::kDate, "date dates dt dat datum day tag tage data fecha fec jour dag dato paiva datu tarih jmd ymd дата 日期 日付 날짜 year jahr annee ano anno jaar rok ar monat month mes mois maand"},
    {Concept::kAge, "age alter edad idade eta leeftijd wiek alder ika yas возраст 年龄 年齢 나이"},
    {Concept::kGender, "gender sex geschlecht genre sexe sexo genero sesso genere geslacht plec kon kjonn sukupuoli pohlavi cinsiyet пол 性别 性別 성별 salutation anrede civilite"},
    {Concept::kNationality, "nationality citizenship nationalitat staatsangehorigkeit nationalite nacionalidad nacionalidade nazionalita cittadinanza nationaliteit obywatelstwo narodowosc nationalitet kansalaisuus uyruk 国籍"},
    {Concept::kReligion, "zongjiao religion religious faith belief denomination konfession glaube bekenntnis croyance religione religiao geloof godsdienst wyznanie uskonto trossamfund kirche creed worship faithgroup"},
    {Concept::kEthnicity, "minzu politicalparty politicalopinion sexualorientation unionmember unionmembership tradeunion gewerkschaft gewerkschaftszugehorigkeit syndicat sindicato sindacato vakbond ethnicity ethnic race racial ethnie origine etnia raza raca razza etniciteit afkomst etnicznosc etnicitet caste tribe herkunft ethnizitat ethnische ethnique etnico etnica heritage"},
    {Concept::kSalary, "salary wage wages income pay payroll compensation gehalt lohn einkommen salaire revenu remuneration salario sueldo ingresos renda stipendio reddito salaris loon inkomen pensja wynagrodzenie lonn palkka maas ctc bonus"},
    {Concept::kLocation, "location loc position pos standort lage ubicacion localizacion localizacao posizione locatie lokalizacja gps coordinates coords coord koordinaten whereabouts tracker geolocation geoloc"},
    {Concept::kGeo, "homearea homebox homecircle homezone homepolygon geo gps geom geopoint geography latlng latlon latlong lonlat lnglat geohash coordinates coords coord koordinaten coordonnees coordenadas coordinate wgs84 geometry geolocation geoloc"},
    {Concept::kLatLong, "latitude lat longitude lon lng long breitengrad langengrad latitud longitud latitudine longitudine breedtegraad lengtegraad szerokosc dlugosc"},
    {Concept::kTime, "parution dateparution publicationdate datepublication fechapublicacion datapubblicazione datapublicacao erscheinung erscheinungsdatum released reldate reledate published seen activity active visited registered created updated modified inserted deleted added joined signup registered registration started ended closed opened issued expires expired valid since until from to start end begin due shipped delivered ordered paid last next at on ts lst time timestamp stamp "
                     "zeit zeitpunkt erstellt geandert angelegt eintritt beitritt austritt beginn ende ab bis seit gultig creation cree modifie debut fin embauche entree sortie creado creacion modificado alta baja inicio ingreso criado atualizado admissao cadastro creato modificato inizio fine assunzione "
                     "aangemaakt gewijzigd begin einde vanaf tot utworzono zmieniono poczatek koniec od do hired hire joining join upd updts crt eta arrival departure checkin checkout scheduled visit appointment termin"},
};
// clang-format on

}  // namespace

std::span<const DictionaryLine> person_words() { return kLines; }

}  // namespace sluice::privacy
